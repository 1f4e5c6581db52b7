import assert from 'node:assert/strict'
import type { EasClient, EasResponse } from '@relais/device-sync/testing/eas-client.ts'
import fc from 'fast-check'
import { SEEDS, type Seed } from './seeds.ts'

export const VERSIONS = ['2.5', '12.0', '12.1', '14.0', '14.1', '16.0', '16.1'] as const

export type Version = (typeof VERSIONS)[number]

export type FuzzedRequest = {
  readonly command: string
  readonly version: Version
  readonly body: Buffer
  readonly type?: 'message'
}

type Edit = { readonly at: number; readonly remove: number; readonly insert: Uint8Array }

/** Bytes that mean something: ends, pages, strings, opaque content, tags with and without content, line ends, boundaries. */
const telling = fc.constantFrom(
  ...[
    '00',
    '01',
    '03',
    'c3',
    'c3ffffffff7f',
    '0000',
    '0011',
    '00ff',
    '45',
    '05',
    '85',
    '0380',
    '0d0a',
    '2d2d62',
  ].map((hex) => Buffer.from(hex, 'hex')),
)

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat({ max: 4096 }),
  remove: fc.oneof(fc.constant(0), fc.nat({ max: 3 }), fc.nat({ max: 100 })),
  insert: fc.oneof(fc.constant(Buffer.alloc(0)), telling, fc.uint8Array({ maxLength: 6 })),
})

export const edited = (bytes: Buffer, edits: readonly Edit[]): Buffer =>
  edits.reduce((whole, { at, remove, insert }) => {
    const place = at % (whole.length + 1)
    return Buffer.concat([whole.subarray(0, place), insert, whole.subarray(place + remove)])
  }, bytes)

export const edits = fc.array(edit, { minLength: 0, maxLength: 6 })

const ofSeed = (
  { command, body, type }: Seed,
  changes: readonly Edit[],
  version: Version,
): FuzzedRequest => ({
  command,
  version,
  type,
  body: edited(body, changes),
})

/** A request of any command in any version, a little or much damaged. */
export const fuzzedRequest: fc.Arbitrary<FuzzedRequest> = fc
  .tuple(fc.constantFrom(...SEEDS), edits, fc.constantFrom(...VERSIONS))
  .map(([seed, changes, version]) => ofSeed(seed, changes, version))

/** A Ping or Sync that turns out to be one that waits is left waiting no longer than this. */
const PATIENCE_MS = 1_500

const mayWait = new Set(['Ping', 'Sync'])

/** The protocol's own answers. 500 would be something unforeseen, 503 something that should have been there. */
const EXPECTED: ReadonlySet<number> = new Set([200, 400, 403, 501, 507])

/** GetAttachment has no status for what isn't there but this. */
const isExpected = (command: string, status: number): boolean =>
  EXPECTED.has(status) || (command === 'GetAttachment' && status === 500)

/** Statuses for what nobody foresaw: the common one, and Sync's, Ping's, FolderSync's, ItemOperations' and the senders' own. */
const UNFORESEEN: Readonly<Record<string, string>> = {
  Sync: '5',
  Ping: '8',
  FolderSync: '6',
  FolderCreate: '6',
  FolderUpdate: '6',
  FolderDelete: '6',
  ItemOperations: '3',
  Provision: '3',
  Settings: '4',
  SendMail: '120',
  SmartForward: '120',
  SmartReply: '121',
}

const isUnforeseen = (command: string, { root }: EasResponse): boolean => {
  const nodes = Array.isArray(root?.content) ? root.content : []
  const status = nodes.find(({ tag }) => tag.endsWith(':Status'))?.content
  return status === '110' || (status !== undefined && status === UNFORESEEN[command])
}

const inHex = ({ command, version, body }: FuzzedRequest): string =>
  JSON.stringify({ name: '', command, version, body: body.toString('hex') })

/** Sends it and judges the answer, which the client checks against its schema. Undefined: it waits. */
export const tried = async (
  phones: ReadonlyMap<Version, EasClient>,
  request: FuzzedRequest,
): Promise<void> => {
  const { command, version, body, type } = request
  const phone = phones.get(version)
  assert.ok(phone)
  const signal = mayWait.has(command) ? AbortSignal.timeout(PATIENCE_MS) : undefined
  const headers = type === 'message' ? { 'Content-Type': 'message/rfc822' } : {}
  const parameters =
    command === 'GetAttachment' ? '&AttachmentName=a1%3a2' : '&CollectionId=inbox&ItemId=a1&SaveInSent=T'
  try {
    const answer = await phone.post(command, body, { headers, parameters, signal })
    assert.ok(isExpected(command, answer.status), `HTTP ${answer.status} to ${inHex(request)}`)
    assert.ok(!isUnforeseen(command, answer), `something unforeseen at ${inHex(request)}`)
  } catch (error) {
    if ((error as Error).name !== 'AbortError') throw error
  }
}
