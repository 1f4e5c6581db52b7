import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { BlobStore } from '@relais/blob-store'
import type { ContentOptions } from '@relais/proto/mail/v1/mail.ts'
import { MessageContent } from '@relais/proto/mail/v1/message.ts'
import { createLogger } from '@relais/service-kit'
import { retryable, terminal } from '@relais/service-kit/errors.ts'
import { stubMessage } from '../mime/parsed-message.ts'
import { parseStructure } from '../mime/structure-parser.ts'
import { storedMessage } from '../queries/message.ts'
import { renderMessages } from './render.ts'

const bytesOf = (n: number) => Buffer.from(`Subject: ${n}\r\nContent-Type: text/html\r\n\r\n<p>text ${n}</p>`)

/** The n-th message as rows have it. */
const stored = (n: number, parsed = parseStructure(bytesOf(n))) => {
  const { envelope, structure, preview, defect } = parsed
  const content = {
    blob: `b${n}`,
    size: bytesOf(n).length,
    receivedAt: 5,
    envelope,
    structure,
    preview,
    defect,
  }
  return storedMessage({
    ...{
      item: n,
      placement: n,
      mailbox: 'inbox',
      received: 5,
      size: bytesOf(n).length,
      seen: 0,
      draft: 0,
      flag: null,
    },
    ...{
      categories: null,
      keywords: null,
      lastVerb: 0,
      lastVerbAt: 0,
      conversation: new Uint8Array(16),
      sender: '',
    },
    content: MessageContent.encode(MessageContent.fromPartial(content)).finish(),
  })
}

const setUp = (failing: ReadonlyMap<string, Error> = new Map()) => {
  const reads: string[] = []
  let [inside, most] = [0, 0]
  const blobs = {
    get: async (tenant: string, id: string) => {
      reads.push(`${tenant}/${id}`)
      most = Math.max(most, ++inside)
      await new Promise((resolve) => setImmediate(resolve))
      inside--
      const error = failing.get(id)
      if (error) throw error
      return bytesOf(Number(id.slice(1)))
    },
  } as unknown as BlobStore
  const lines: string[] = []
  const logger = createLogger({ name: 'test', destination: { write: (line) => void lines.push(line) } })
  return { deps: { blobs, logger }, reads, lines, most: () => most }
}

const HTML: ContentOptions = {
  ...{ withBody: true, mimeSupport: 0, streamMime: false, inlineBytes: 0 },
  bodies: [{ type: 'html', truncation: undefined, allOrNone: false, preview: 0 }],
}

const text = (data: Uint8Array | undefined) => Buffer.from(data ?? '').toString()

describe('messages for clients', () => {
  test('read no blob where no body is wanted', async () => {
    const { deps, reads } = setUp()
    const [message] = await renderMessages(deps, 'acme', { messages: [stored(1)] })
    assert.deepEqual(
      [message!.envelope?.subject, message!.body, message!.nativeBody],
      ['1', undefined, 'html'],
    )
    assert.equal(message!.structure, undefined)
    assert.deepEqual(reads, [])
  })

  test('come in the order asked for, each blob read once and a few at a time', async () => {
    const { deps, reads, most } = setUp()
    const messages = Array.from({ length: 30 }, (_, n) => stored(n))
    const rendered = await renderMessages(deps, 'acme', { messages, options: HTML })
    assert.deepEqual(
      rendered.map(({ body }) => text(body?.data)),
      messages.map((_, n) => `<p>text ${n}</p>`),
    )
    assert.deepEqual([reads.length, most()], [30, 8])
    assert.ok(reads.every((read) => read.startsWith('acme/')))
  })

  test('have their structure where it is wanted', async () => {
    const { deps } = setUp()
    const [message] = await renderMessages(deps, 'acme', { messages: [stored(1)], withStructure: true })
    assert.equal(message!.structure?.type, 'text/html')
  })

  test('whose bytes are damaged are stubs with the reason, which the log gets without their content', async () => {
    const { deps, lines } = setUp(new Map([['b1', terminal('BLOB_DAMAGED', 'the stored content differs')]]))
    const rendered = await renderMessages(deps, 'acme', {
      messages: [stored(0), stored(1), stored(2)],
      options: HTML,
    })
    assert.deepEqual(
      rendered.map(({ defect }) => defect),
      ['', 'the stored content differs', ''],
    )
    assert.equal(
      text(rendered[1]!.body?.data),
      "This message can't be shown: the stored content differs.\r\n",
    )
    assert.equal(rendered[1]!.body?.type, 'plain')
    assert.equal(lines.length, 1)
    assert.match(lines[0]!, /"code":"BLOB_DAMAGED"/)
  })

  test('wait for a store that is away: that is no damage', async () => {
    const { deps } = setUp(new Map([['b1', retryable('BLOB_STORE_UNAVAILABLE', 'away')]]))
    await assert.rejects(renderMessages(deps, 'acme', { messages: [stored(1)], options: HTML }), {
      code: 'BLOB_STORE_UNAVAILABLE',
    })
  })

  test('that could not be parsed say so, with their bytes attached', async () => {
    const { deps, reads } = setUp()
    const message = stored(1, stubMessage(bytesOf(1).length, 'it takes too long'))
    const [rendered] = await renderMessages(deps, 'acme', { messages: [message], options: HTML })
    assert.match(text(rendered!.body?.data), /it takes too long/)
    const [{ name, size, part } = { name: '', size: 0, part: '' }] = rendered!.attachments
    assert.deepEqual([name.endsWith('.eml'), size, part], [true, bytesOf(1).length, '1'])
    assert.deepEqual(reads, [])
  })
})
