import { FAMILIES, type Family } from './families.ts'
import { type NetworkName, nthOf, type Plan } from './plan.ts'

export type Account = { readonly address: string; readonly password: string }

/** A folder that a phone keeps. */
export type KeptFolder = { readonly id: string; readonly type: string; key: string }

/** Everything that a simulated phone remembers. */
export type PhoneState = {
  readonly account: Account
  readonly device: string
  readonly family: Family
  readonly network: NetworkName
  policyKey: string
  folderKey: string
  folders: readonly KeptFolder[]
  window: number
  heartbeat: number
  /** Messages of the inbox that are not read yet; a few. */
  readonly unread: string[]
  /** Requests in a row that went wrong. */
  failures: number
  isSetUp: boolean
  hasWaited: boolean
  /** It was away with all others, and doesn't wait again yet. */
  isReturning: boolean
  /** Its last Sync that was held had nothing to tell: the next may be empty. */
  mayAskEmpty: boolean
  sent: number
}

/** The n-th phone of a plan. */
export const phoneOf = (plan: Plan, n: number, account: Account): PhoneState => {
  const usual = FAMILIES[nthOf(plan.mix, n)]
  const family =
    plan.bodyBytes === undefined ? usual : { ...usual, bodyBytes: Math.min(usual.bodyBytes, plan.bodyBytes) }
  return {
    account,
    device: `SIM${family.name.toUpperCase()}${n.toString(36).toUpperCase().padStart(5, '0')}`,
    family,
    network: nthOf(plan.networks, n * 7 + 3),
    policyKey: '0',
    folderKey: '0',
    folders: [],
    window: family.window.first,
    heartbeat: family.heartbeat.first,
    unread: [],
    failures: 0,
    isSetUp: false,
    hasWaited: false,
    isReturning: false,
    mayAskEmpty: false,
    sent: 0,
  }
}

const UNREAD = 8

/** Keeps the newest few. */
export const remember = ({ unread }: PhoneState, item: string): void => {
  unread.push(item)
  if (unread.length > UNREAD) unread.shift()
}

export const inboxOf = ({ folders }: PhoneState): KeptFolder | undefined =>
  folders.find(({ type }) => type === '2')
