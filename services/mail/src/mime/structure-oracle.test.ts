import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Address, Part } from '@relais/proto/mail/v1/message.ts'
import PostalMime, { type Address as OracleAddress } from 'postal-mime'
import { type CorpusMessage, corpus, withoutCorpus } from './corpus.fixture.ts'
import { parseStructure } from './structure-parser.ts'
import { decodeWhole } from './transfer.ts'

type Node = { type: string; children: Node[]; content: string }

/** What postal-mime keeps of an entity. Embedded messages are leaves here, as they are with `forceRfc822Attachments`. */
type OracleNode = {
  contentType: { parsed: { value: string }; multipart: string | false }
  childNodes: OracleNode[]
  content: ArrayBuffer | null
}

/** postal-mime ends every line, also a body's last one, with LF. */
const comparable = (bytes: Uint8Array): string =>
  Buffer.from(bytes).toString('latin1').replace(/\r\n/g, '\n').replace(/\n+$/, '')

const oracleTree = ({ contentType, childNodes, content }: OracleNode): Node => ({
  type: contentType.parsed.value,
  children: childNodes.map(oracleTree),
  content: contentType.multipart ? '' : comparable(new Uint8Array(content ?? new ArrayBuffer(0))),
})

const ourTree = (part: Part, bytes: Uint8Array): Node => {
  const isMultipart = part.type.startsWith('multipart/')
  const body = bytes.subarray(part.bodyStart, part.bodyEnd)
  return {
    type: part.type,
    children: isMultipart ? part.parts.map((child) => ourTree(child, bytes)) : [],
    content: isMultipart ? '' : comparable(decodeWhole(body, part.encoding)),
  }
}

const oracleOf = async (bytes: Uint8Array) => {
  const parser = new PostalMime({ forceRfc822Attachments: true })
  const email = await parser.parse(bytes)
  return { email, tree: oracleTree((parser as unknown as { root: OracleNode }).root) }
}

/** Where we differ from the oracle, and why that is better. */
const OTHER_TREES: Readonly<Record<string, string>> = {
  'mail-parser/eml-malformed-001.eml': 'the inner multipart has no delimiter: we show its content as text',
  'mail-parser/eml-malformed-002.eml': 'the multipart has no delimiter: we show its content as text',
  'mail-parser/eml-malformed-004.eml':
    'the multipart has no delimiter (RFC 2046 lets "--ab" end a part of "a"; both of us refuse)',
  'mail-parser/eml-malformed-007.eml':
    'a delimiter right below the header ends it: we find the part, the oracle loses it',
}

const LATIN = 'raw 8-bit text in the header: the oracle reads only UTF-8, we also Latin-1'
const UTF7 = 'the oracle refuses UTF-7; a subject is text here, never markup'
const OTHER_SUBJECTS: Readonly<Record<string, string>> = {
  'mail/fixtures-emails-error_emails-invalid_subject_characters.eml': LATIN,
  'mail-parser/eml-legacy-005.eml': UTF7,
  'mail-parser/eml-legacy-009.eml': LATIN,
  'mail-parser/eml-legacy-010.eml': LATIN,
  'mail-parser/eml-legacy-015.eml': LATIN,
  'mail-parser/eml-legacy-020.eml': LATIN,
  'mail-parser/eml-legacy-022.eml': LATIN,
  'mail-parser/eml-legacy-025.eml': LATIN,
  'mail-parser/eml-legacy-027.eml': LATIN,
  'mail-parser/eml-legacy-050.eml': LATIN,
  'mail-parser/eml-legacy-051.eml': LATIN,
}

/** Two addresses with a space between (the oracle takes one for the other's name), and comments inside of addresses (the oracle keeps them). */
const OTHER_ADDRESSES = new Set([
  'mail/fixtures-emails-plain_emails-raw_email_multiple_from.eml',
  'mail/fixtures-emails-rfc2822-example10.eml',
])

const forEach = async (check: (message: CorpusMessage) => Promise<void>): Promise<void> => {
  for (const message of corpus) await check(message)
}

test(
  'the tree of types and decoded contents is that of postal-mime for every real message',
  { skip: withoutCorpus },
  () =>
    forEach(async ({ name, bytes }) => {
      const { tree } = await oracleOf(bytes)
      const ours = ourTree(parseStructure(bytes).structure, bytes)
      if (OTHER_TREES[name]) assert.notDeepEqual(ours, tree, `${name} differs no more: ${OTHER_TREES[name]}`)
      else assert.deepEqual(ours, tree, name)
    }),
)

test('the subject is that of postal-mime for every real message', { skip: withoutCorpus }, () =>
  forEach(async ({ name, bytes }) => {
    const { email } = await oracleOf(bytes)
    const subject = (email.subject ?? '').replace(/\s+/g, ' ').trim()
    const ours = parseStructure(bytes).envelope.subject
    if (OTHER_SUBJECTS[name])
      assert.notEqual(ours, subject, `${name} differs no more: ${OTHER_SUBJECTS[name]}`)
    else assert.equal(ours, subject, name)
  }),
)

const flat = (addresses: readonly OracleAddress[] | undefined): string[] =>
  (addresses ?? []).flatMap((one) => one.group ?? [one]).map(({ address }) => address ?? '')

const written = (addresses: readonly Address[]): string[] =>
  addresses.map(({ address }) => address).filter((one) => one !== '')

for (const field of ['to', 'cc', 'from'] as const) {
  test(`addresses of ${field} are those of postal-mime for every real message`, { skip: withoutCorpus }, () =>
    forEach(async ({ name, bytes }) => {
      if (OTHER_ADDRESSES.has(name)) return
      const { email } = await oracleOf(bytes)
      const theirs = email[field]
      const list = Array.isArray(theirs) ? theirs : theirs ? [theirs] : []
      const expected = flat(list).filter((one) => one !== '')
      assert.deepEqual(written(parseStructure(bytes).envelope[field]), expected, name)
    }),
  )
}

test(
  'the date is that of postal-mime for every real message that has one it can read',
  { skip: withoutCorpus },
  () =>
    forEach(async ({ name, bytes }) => {
      const { email } = await oracleOf(bytes)
      const date = Date.parse(email.date ?? '')
      if (!Number.isNaN(date)) assert.equal(parseStructure(bytes).envelope.date, date, name)
    }),
)

const namesOf = (part: Part): string[] =>
  part.type.startsWith('multipart/')
    ? part.parts.flatMap(namesOf)
    : part.filename === ''
      ? []
      : [part.filename]

test('file names are those of postal-mime for every real message', { skip: withoutCorpus }, () =>
  forEach(async ({ name, bytes }) => {
    const { email } = await oracleOf(bytes)
    const expected = email.attachments.map(({ filename }) => filename ?? '').filter((one) => one !== '')
    const ours = namesOf(parseStructure(bytes).structure)
    // The oracle takes the backslashes of a Windows path for escapes.
    const plain = new Set(ours.map((filename) => filename.replaceAll('\\', '')))
    for (const filename of expected) assert.ok(plain.has(filename.trim()), `${name}: ${filename}`)
  }),
)

test(
  'sizes of parts are those of what their decoders give, for every real message',
  { skip: withoutCorpus },
  () =>
    forEach(async ({ name, bytes }) => {
      const check = (part: Part): void => {
        const decoded = decodeWhole(bytes.subarray(part.bodyStart, part.bodyEnd), part.encoding)
        assert.equal(part.decodedSize, decoded.length, `${name} ${part.id}`)
        part.parts.forEach(check)
      }
      check(parseStructure(bytes).structure)
    }),
)
