import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { ContentOptions, Message } from '@relais/proto/mail/v1/mail.ts'
import type { Part } from '@relais/proto/mail/v1/message.ts'
import { importMessages, readPart } from './calls.ts'
import { type Harness, MIKE, startMail, TENANT } from './harness.ts'

const CORPUS = fileURLToPath(new URL('../../../../shared/corpus/mail/', import.meta.url))

const mike = { tenant: TENANT, account: MIKE }

const BODIES = ['plain', 'html', 'mime']

const options = (type: string, truncation?: number): ContentOptions => ({
  ...{ withBody: true, streamMime: false, inlineBytes: 0, mimeSupport: 2 },
  bodies: [{ type, truncation, allOrNone: false, preview: 255 }],
})

const partsOf = (part: Part): readonly Part[] => [part, ...part.parts.flatMap(partsOf)]

/** Everything that a client can ask of a message. */
const fetchAll = async ({ client }: Harness, message: Message): Promise<void> => {
  const { placement } = message
  for (const type of BODIES) {
    for (const truncation of [undefined, 0, 1, 500]) {
      const asked = { ...mike, placements: [placement], options: options(type, truncation) }
      const { messages } = await client.getMessages(asked)
      assert.equal(messages[0]?.defect, '')
      assert.ok(truncation === undefined || (messages[0]?.body?.data?.length ?? 0) <= truncation)
    }
  }
  const { messages } = await client.getMessages({ ...mike, placements: [placement], withStructure: true })
  for (const part of partsOf(messages[0]!.structure!)) {
    const read = await readPart(client, { placement, part: part.id })
    if (part.parts.length === 0) assert.equal(read.bytes.length, read.total, `part ${part.id}`)
  }
  for (const { part, size } of message.attachments) {
    assert.equal((await readPart(client, { placement, part })).bytes.length, size)
  }
}

describe('the corpus of real mail', {
  skip: existsSync(CORPUS) ? false : 'shared/corpus/mail is not here',
}, () => {
  const closing: (() => void | Promise<void>)[] = []
  let suite: Harness
  const files = new Map<string, Buffer>()

  before(async () => {
    suite = await startMail({ after: (close) => void closing.push(close) })
    for (const entry of await readdir(CORPUS, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const file = join(entry.parentPath, entry.name)
      files.set(relative(CORPUS, file), await readFile(file))
    }
  })

  after(async () => {
    for (const close of closing) await close()
  })

  test('is imported without a refusal, and listed', async () => {
    const imported = await importMessages(
      suite.client,
      [...files.values()].map((message) => ({ message, header: { path: ['Corpus'] } })),
    )
    assert.deepEqual([imported.imported, imported.refusals], [files.size, []])
    const { mailbox, total } = (await suite.client.listMailboxes(mike)).mailboxes.find(
      ({ name }) => name === 'Corpus',
    )!
    assert.equal(total, files.size)
    const { messages } = await suite.client.listMessages({ ...mike, mailbox, pageSize: 1000 })
    assert.equal(messages.length, files.size)
    assert.deepEqual(
      messages.filter(({ defect }) => defect !== ''),
      [],
    )
  })

  test('comes back byte for byte, and all its parts and bodies are fetched without an error', async (t) => {
    const { mailbox } = (await suite.client.listMailboxes(mike)).mailboxes.find(
      ({ name }) => name === 'Corpus',
    )!
    const { messages } = await suite.client.listMessages({ ...mike, mailbox, pageSize: 1000 })
    const byPlacement = messages.toSorted((a, b) => a.placement - b.placement)
    for (const [n, [name, bytes]] of [...files].entries()) {
      await t.test(name, async () => {
        const message = byPlacement[n]!
        assert.deepEqual((await readPart(suite.client, { placement: message.placement })).bytes, bytes)
        await fetchAll(suite, message)
      })
    }
  })
})
