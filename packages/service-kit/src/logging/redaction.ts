import { createHmac, randomBytes } from 'node:crypto'

/** What an entry may say. Never here: addresses, subjects, content, search words, passwords, tokens, headers. */
const ALLOWED = new Set(
  [
    'tenant account principal device service actor kind',
    'method code status retryable correlation traceparent trace_id span_id causation',
    'position checkpoint head epoch generation collection mailbox message placement blob command commandId',
    'count bytes ms attempts limit lag pending held rate size files commits events accounts',
    'host port url path peer client version node pid signal component state health reason setting origin',
    'type stack err addressHash clientHash folder file listener deadline rss heap delay',
  ].flatMap((line) => line.split(' ')),
)

/** Longest text of one field: a stack of ten frames fits. */
const MAX_TEXT = 2_000
const MAX_DEPTH = 3

/** Keyed by the process: equal addresses can be told to be equal within one run, and nothing else can be told. */
const key = randomBytes(32)

/** Stands for an address in the log: 12 hexadecimal digits, the same for the same address (in any case) while the process lives. */
export const hashed = (address: string): string =>
  createHmac('sha256', key).update(address.toLowerCase()).digest('hex').slice(0, 12)

const allowedValue = (value: unknown, depth: number): unknown => {
  if (typeof value === 'string') return value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value
  if (value instanceof Error) return describeError(value)
  if (Array.isArray(value))
    return depth > 0 ? value.slice(0, 20).map((item) => allowedValue(item, depth - 1)) : '…'
  if (typeof value === 'object' && value !== null) return depth > 0 ? redact(value, depth - 1) : '…'
  return typeof value === 'bigint' ? String(value) : value
}

/** The fields that may be logged; the names of the others under `redacted`. */
export const redact = (fields: object, depth = MAX_DEPTH): Record<string, unknown> => {
  const kept: Record<string, unknown> = {}
  const redacted: string[] = []
  for (const [name, value] of Object.entries(fields)) {
    if (ALLOWED.has(name))
      kept[name] = allowedValue(name === 'reason' ? scrubbed(String(value)) : value, depth)
    else redacted.push(name.slice(0, 40))
  }
  return redacted.length === 0 ? kept : { ...kept, redacted }
}

/** Text of an error that nobody foresaw, without what it may quote from users: addresses, and anything between double quotes. */
export const scrubbed = (text: string): string =>
  text
    .slice(0, MAX_TEXT)
    .replaceAll(/"[^"]*"?/g, '"…"')
    .replaceAll(/[^\s<>'"`]+@[^\s<>'"`]+/g, '<address>')

const frames = (stack: string | undefined) =>
  (stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 10)
    .map((line) => line.trim())
    .join(' | ')

/** Fields that describe an error of unknown origin. */
export const describeError = (
  error: unknown,
): { type: string; reason: string; code?: string; stack?: string } => {
  if (!(error instanceof Error)) return { type: typeof error, reason: scrubbed(String(error)) }
  const { code } = error as { code?: unknown }
  return {
    type: error.name,
    reason: scrubbed(error.message),
    ...(code === undefined ? {} : { code: String(code).slice(0, 60) }),
    stack: frames(error.stack),
  }
}
