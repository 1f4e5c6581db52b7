import { type PolicyRule, RULES } from './rules.ts'

/** One rule with its value: "1" or "0", a number, or the members of a list. */
export type PolicyEntry = {
  readonly name: string
  readonly rule: PolicyRule
  readonly values: readonly string[]
}

/** What phones must keep to, in the order in which a document says it. No entry: there is no policy. */
export type MobilePolicy = {
  readonly entries: readonly PolicyEntry[]
  /** True: a device that keeps only a part of it, or none, isn't let in. */
  readonly strict: boolean
}

const MAX_LENGTH = 8192
const MAX_MEMBERS = 100
const STRICT = 'strict'

const MEMBER = /^[^\p{Cc};,=]{1,256}$/u

const membersOf = (text: string): readonly string[] | undefined => {
  const members = text.split(',').map((member) => member.trim())
  return members.length <= MAX_MEMBERS && members.every((member) => MEMBER.test(member)) ? members : undefined
}

const valuesOf = ({ kind, accepts }: PolicyRule, text: string): readonly string[] | undefined => {
  if (kind === 'list') return membersOf(text)
  if (kind === 'boolean') return text === '0' || text === '1' ? [text] : undefined
  return /^(?:0|-?[1-9]\d{0,9})$/.test(text) && accepts(Number(text)) ? [text] : undefined
}

const entryOf = (statement: string): PolicyEntry | undefined => {
  const equals = statement.indexOf('=')
  const name = statement.slice(0, Math.max(equals, 0)).trim()
  const rule = RULES.get(name)
  const values = rule && valuesOf(rule, statement.slice(equals + 1).trim())
  return rule && values && { name, rule, values }
}

const inOrder = (entries: readonly PolicyEntry[]): readonly PolicyEntry[] => {
  const byName = new Map(entries.map((entry) => [entry.name, entry]))
  return [...RULES.keys()].flatMap((name) => byName.get(name) ?? [])
}

/**
 * Reads a policy as administrators write it: `DevicePasswordEnabled=1; MinDevicePasswordLength=6; strict`. Names and values are
 * those of MS-ASPROV 2.2.2; members of a list are separated by commas. Undefined: it is none (a name that isn't one, a value out of
 * range, a name twice, more than 8,192 characters).
 */
export const parsePolicy = (text: string): MobilePolicy | undefined => {
  if (text.length > MAX_LENGTH) return undefined
  const statements = text
    .split(';')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
  const rules = statements.filter((statement) => statement !== STRICT)
  const entries = rules.flatMap((statement) => entryOf(statement) ?? [])
  const names = new Set(entries.map(({ name }) => name))
  if (entries.length !== rules.length || names.size !== entries.length) return undefined
  return { entries: inOrder(entries), strict: statements.length > rules.length }
}
