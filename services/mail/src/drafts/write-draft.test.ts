import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, test } from 'node:test'
import { DraftContent } from '@relais/proto/mail/v1/mail.ts'
import fc from 'fast-check'
import { attachmentsOf } from '../mime/attachments.ts'
import { bodyOf } from '../mime/body-parts.ts'
import {
  file,
  htmlText,
  image,
  message,
  messageOf,
  multipart,
  plainText,
  type TestMessage,
} from '../mime/message.fixture.ts'
import { openPart } from '../mime/open-part.ts'
import { renderText } from '../mime/render-text.ts'
import { decodeWhole } from '../mime/transfer.ts'
import { contentIdOf } from './draft-parts.ts'
import { writeDraft } from './write-draft.ts'

type Said = Parameters<typeof DraftContent.fromPartial>[0]

const NOW = Date.UTC(2026, 0, 5, 9)

const write = async (said: Said, base?: TestMessage, fields?: readonly string[]): Promise<TestMessage> => {
  const chunks: Uint8Array[] = []
  for await (const chunk of writeDraft({
    ...{ content: DraftContent.fromPartial(said), base, digest: 'd', boundary: 'q7Zk3vXw9LmT2sRb' },
    ...{ now: NOW, messageId: '<new@draft>', fields },
  }))
    chunks.push(chunk)
  return messageOf(Buffer.concat(chunks))
}

const textOf = async (draft: TestMessage, format: 'plain' | 'html' = 'plain'): Promise<string> => {
  const { structure, read } = draft
  const { bytes } = await renderText({ body: bodyOf(structure), read, format, wanted: 4_000_000 })
  return Buffer.from(bytes).toString()
}

const contentOf = ({ structure, read }: TestMessage, id: string): Buffer => {
  const part = openPart(structure, id)!
  return Buffer.from(decodeWhole(read(part.start, part.end) as Uint8Array, part.encoding))
}

const html = (text: string) => ({ type: 'html', data: Buffer.from(text) })
const plain = (text: string) => ({ type: 'plain', data: Buffer.from(text) })
const attached = (name: string, more: Record<string, unknown> = {}) => ({
  ...{ clientId: name, name, type: 'application/pdf', data: Buffer.from(`content of ${name}`), ...more },
})
const namesOf = (draft: TestMessage) => attachmentsOf(draft.structure).map(({ name }) => name)
const addresses = (list: readonly { name: string; address: string }[]) =>
  list.map(({ name, address }) => [name, address])

describe('a new draft', () => {
  test('has what was said, a date and an id', async () => {
    const draft = await write({
      ...{
        to: '"Ann, B." <ann@x.example>, bob@y.example',
        bcc: 'c@z.example',
        subject: 'Grüße',
        importance: 'high',
      },
      body: plain('Hello\nworld'),
    })
    const { envelope } = draft
    assert.deepEqual(addresses(envelope.to), [
      ['Ann, B.', 'ann@x.example'],
      ['', 'bob@y.example'],
    ])
    assert.deepEqual([envelope.subject, envelope.importance, envelope.date], ['Grüße', 'high', NOW])
    assert.deepEqual([envelope.messageId, envelope.bcc.length], ['<new@draft>', 1])
    assert.equal((await textOf(draft)).trim(), 'Hello\r\nworld')
  })

  test('of nothing is an empty text', async () => {
    const draft = await write({})
    assert.deepEqual([draft.envelope.subject, draft.structure.type], ['', 'text/plain'])
  })

  test('keeps any words and names, and is never more than one header', async () => {
    const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(
        word,
        word,
        fc.string({ unit: 'grapheme', maxLength: 300 }),
        async (subject, name, text) => {
          const quoted = `"${name.replace(/["\\]/g, '\\$&')}" <a@x.example>`
          const draft = await write({ subject, to: quoted, body: plain(text) })
          const folded = (one: string) => one.replace(/[\p{Cc}\p{Z}\u2028\u2029]+/gu, '').normalize()
          if (draft.has8Bit) assert.fail('it has 8-bit bytes')
          assert.equal(folded(draft.envelope.subject), folded(subject))
          assert.equal(draft.envelope.to.length, 1)
          assert.equal(draft.structure.parts.length, 0)
          assert.equal(draft.envelope.bcc.length, 0)
        },
      ),
      { numRuns: 200 },
    )
  })

  test('of hostile words has no field that nobody said', async () => {
    const draft = await write({
      ...{ subject: 'x\r\nBcc: v@e.example', to: '"a\r\nBcc: w@e.example" <b@e.example>' },
      replyTo: 'a@b\r\nBcc: u@e.example',
    })
    assert.deepEqual(draft.envelope.bcc, [])
    assert.equal(draft.bytes.toString('latin1').match(/^bcc:/gim), null)
  })

  test('in MIME is the message as it is', async () => {
    const mime = 'Subject: x\r\n\r\nbody'
    const draft = await write({ body: { type: 'mime', data: Buffer.from(mime) } })
    assert.equal(draft.bytes.toString(), mime)
  })

  test('may have fields of its kind', async () => {
    const draft = await write({}, undefined, ['Message-Context: pager-message\r\n'])
    assert.match(draft.bytes.toString(), /^Message-Context: pager-message\r$/m)
  })
})

describe('attachments', () => {
  test('stand behind the text, pictures that it shows with it', async () => {
    const draft = await write({
      body: html('<img src="cid:a@b">'),
      attached: [attached('f.pdf'), attached('p.png', { inline: true, contentId: 'a@b', type: 'image/png' })],
    })
    assert.equal(draft.structure.type, 'multipart/mixed')
    assert.deepEqual(
      draft.structure.parts.map(({ type }) => type),
      ['multipart/related', 'application/pdf'],
    )
    assert.deepEqual(namesOf(draft), ['p.png', 'f.pdf'])
    assert.equal(contentOf(draft, 'cid:a@b').toString(), 'content of p.png')
  })

  test('are called as the phone says, or by their command, never otherwise', () => {
    const of = (contentId: string) => contentIdOf({ ...attached('x'), contentId } as never, 'd', 3)
    assert.equal(of('logo@phone'), 'logo@phone')
    for (const bad of ['', 'a b', '<a>', 'a\r\nb', 'x'.repeat(201), 'ü'])
      assert.match(of(bad), /^[0-9a-f]{24}\.3@draft$/)
  })

  test('have any name, and a type that is one', async () => {
    for (const [name, type] of [
      ['Müller & Söhne "2".pdf', 'application/pdf'],
      ['a\r\nX-Evil: 1.pdf', 'text/plain\r\nX-Evil: 1'],
      ['m.eml', 'message/rfc822'],
      ['', 'multipart/mixed'],
    ] as const) {
      const draft = await write({ attached: [attached(name, { type })] })
      assert.equal(draft.bytes.toString('latin1').match(/^x-evil/gim), null)
      const [found] = attachmentsOf(draft.structure)
      assert.equal(contentOf(draft, found!.part).toString(), `content of ${name}`)
      assert.equal(found!.type, type === 'application/pdf' ? type : 'application/octet-stream')
    }
  })

  test('of any bytes come back as they were', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), async (data) => {
        const draft = await write({ attached: [attached('x', { data: Buffer.from(data) })] })
        const [found] = attachmentsOf(draft.structure)
        assert.deepEqual([...contentOf(draft, found!.part)], [...data])
      }),
      { numRuns: 60 },
    )
  })
})

const HEADER = ['Subject: Old', 'To: a@x.example', 'Message-ID: <old@x>', 'References: <1@x>', 'X-Own: kept']

describe('a draft that is edited', () => {
  test('keeps its id, its thread and what isn’t said anew', async () => {
    const draft = await write(
      { subject: 'New', to: '' },
      message(...HEADER, 'Content-Type: text/plain', '', 'Text'),
    )
    const { envelope, bytes } = draft
    assert.deepEqual([envelope.subject, envelope.to, envelope.messageId], ['New', [], '<old@x>'])
    assert.deepEqual(envelope.references, ['<1@x>'])
    assert.match(bytes.toString(), /^X-Own: kept\r$/m)
    assert.equal((await textOf(draft)).trim(), 'Text')
  })

  test('keeps both forms of its text, and gets one where it is written anew', async () => {
    const base = message(
      ...HEADER,
      multipart('alternative', 'b', plainText('plain'), htmlText('<p>rich</p>')),
    )
    const kept = await write({ subject: 'New' }, base)
    assert.deepEqual(
      [(await textOf(kept)).trim(), (await textOf(kept, 'html')).trim()],
      ['plain', '<p>rich</p>'],
    )
    const anew = await write({ body: html('<p>anew</p>') }, base)
    assert.deepEqual(
      [(await textOf(anew)).trim(), (await textOf(anew, 'html')).trim()],
      ['anew', '<p>anew</p>'],
    )
  })

  test('keeps its files byte for byte but for those that go, by number or by name', async () => {
    const base = message(
      ...HEADER,
      multipart('mixed', 'b', htmlText('<img src="cid:i@x">'), image('i@x'), file('a.bin'), file('b.bin')),
    )
    assert.equal(namesOf(await write({ subject: 'x' }, base)).length, 3)
    assert.deepEqual(namesOf(await write({ detached: ['3'] }, base)).slice(1), ['b.bin'])
    assert.deepEqual(namesOf(await write({ detached: ['cid:i@x'] }, base)), ['a.bin', 'b.bin'])
    const more = await write({ detached: ['4'], attached: [attached('c.pdf')] }, base)
    assert.deepEqual(namesOf(more).slice(1), ['a.bin', 'c.pdf'])
    const [, first] = attachmentsOf(more.structure)
    assert.equal(contentOf(more, first!.part).toString(), 'abc')
  })

  test('edited again and again doesn’t grow', async () => {
    let draft = await write({ body: html('<p>x</p>'), attached: [attached('a.pdf')] })
    const { length } = draft.bytes
    for (let n = 0; n < 5; n++) draft = await write({ subject: '' }, draft)
    assert.equal(draft.bytes.length, length)
  })

  test('that is signed stays whole as long as only its header is said anew', async () => {
    const signed = message(
      ...HEADER,
      'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; boundary="s"',
      ...['', '--s', 'Content-Type: text/plain', '', 'Signed \t', '--s'],
      ...['Content-Type: application/pkcs7-signature', '', 'sig', '--s--', ''],
    )
    const { structure, bytes } = await write({ subject: 'New' }, signed)
    const bodyIn = (one: TestMessage) => one.bytes.subarray(one.structure.bodyStart).toString()
    assert.equal(structure.type, 'multipart/signed')
    assert.ok(bytes.toString().endsWith(bodyIn(signed)))
  })
})
