import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Installation, loadAccounts, startInstallation } from '../../installation.ts'
import type { Target } from '../../target.ts'
import type { Share } from './holder-messages.ts'
import { sharesOf, startHolders } from './holders.ts'

/** Phones that are to wait: as many of each account as there are device-syncs, one at each. */
export type Crowd = {
  readonly phones: number
  readonly accounts: number
  readonly deviceSyncs: number
}

/** A process may open 20,000 files on the machines that this is measured on, and a phone that waits is one. */
const PHONES_PER_PROCESS = 12_500

export const crowdOf = (phones: number): Crowd => {
  const deviceSyncs = Math.max(2, Math.ceil(phones / PHONES_PER_PROCESS))
  return { phones, deviceSyncs, accounts: Math.ceil(phones / deviceSyncs) }
}

/** Where the data is that a crowd was prepared in. */
export const dataIn = (folder: string): string => join(folder, 'data')

/** Of phones: processes are begun for each. */
const CHUNK = 10_000

type Done = { readonly phones: number }

/**
 * Makes the accounts in an empty folder and lets every phone come once: it is registered, and told of its inbox, so that its next Ping waits. What
 * was cut off goes on where it was.
 */
export const prepareCrowd = async (target: Target, crowd: Crowd, folder: string): Promise<void> => {
  const file = join(folder, 'prepared.json')
  const there = existsSync(file)
  const done: Done = there ? JSON.parse(readFileSync(file, 'utf8')) : { phones: 0 }
  if (done.phones >= crowd.phones) return
  const accounts = there ? [] : loadAccounts(crowd.accounts)
  const began = performance.now()
  say(`starting with ${accounts.length} new accounts`)
  const installation = await startInstallation({
    ...{ target, accounts },
    data: dataIn(folder),
    flags: FLAGS,
  })
  const note = (phones: number) => {
    writeFileSync(file, JSON.stringify({ phones } satisfies Done))
    say(`${phones} of ${crowd.phones} phones are set up after ${secondsSince(began)} s`)
  }
  try {
    note(done.phones)
    for (let first = done.phones; first < crowd.phones; first += CHUNK) {
      const count = Math.min(CHUNK, crowd.phones - first)
      const work = there && first === done.phones ? 'setUpAgain' : 'setUp'
      await setUp(installation, crowd, { first, count, work })
      note(first + count)
    }
  } finally {
    await installation.stop()
  }
}

/** What takes minutes says how far it is. */
export const say = (line: string): void => void process.stderr.write(`${line}\n`)

export const secondsSince = (began: number): number => Math.round((performance.now() - began) / 1000)

const FLAGS = ['--throw-away']

const setUp = async (
  { deviceSyncs }: Installation,
  { accounts }: Crowd,
  { work, ...phones }: Pick<Share, 'first' | 'count' | 'work'>,
): Promise<void> => {
  const holders = startHolders(sharesOf(deviceSyncs, phones, { accounts, work }))
  await holders.ended
  const [lost] = holders.lost
  if (lost) throw new Error(`phone ${lost[0]} could not be set up: ${lost[1]}`)
}
