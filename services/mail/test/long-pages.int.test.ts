import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { ContentOptions } from '@relais/proto/mail/v1/mail.ts'
import { ListMessagesResponse, SearchMessagesResponse } from '@relais/proto/mail/v1/mail.ts'
import { waitUntil } from '@relais/testing'
import { importMessages } from './calls.ts'
import { asOwner, type Harness, MIKE, startMail, TENANT } from './harness.ts'

const MB = 1024 * 1024
/** What one page holds of messages, and of bodies beside them. */
const ROOM = 8 * MB
/** What the answer's own form and keys take beside. */
const FORM = MB / 2
const COUNT = 50

/** As long as a header that is kept: 1,000 people with long names. */
const LONG_LIST = Array.from(
  { length: 1000 },
  (_, n) => `"${'a name that is long '.repeat(10)}${n}" <p${n}@else.example>`,
).join(',\r\n ')

const BODY = 'a line of a long text of no importance at all, as people write them\r\n'.repeat(5000)

const letter = (n: number, to: string, body: string) =>
  `From: a@else.example\r\nTo: ${to}\r\nSubject: ${n}\r\nMessage-ID: <${n}.${body.length}@x>\r\n\r\n${body}\r\n`

const mike = { tenant: TENANT, account: MIKE }

const PLAIN: ContentOptions = {
  ...{ withBody: true, mimeSupport: 0, streamMime: false, inlineBytes: 0 },
  bodies: [{ type: 'plain', truncation: undefined, allOrNone: false, preview: 0 }],
}

const newestFirst = Array.from({ length: COUNT }, (_, n) => `${COUNT - 1 - n}`)

describe('pages of long messages', () => {
  const closing: (() => void | Promise<void>)[] = []
  let harness: Harness
  const fill = async (mailbox: string, messageOf: (n: number) => string) => {
    const letters = Array.from({ length: COUNT }, (_, n) => ({
      message: messageOf(n),
      header: { ...mike, mailbox, receivedAt: Date.UTC(2026, 0, 1) + n * 1000 },
    }))
    for (let n = 0; n < COUNT; n += 10)
      await importMessages(harness.client, letters.slice(n, n + 10), asOwner())
  }
  before(async () => {
    harness = await startMail({ after: (close) => closing.push(close) }, { limits: { searchGatherMs: 0 } })
    await fill('inbox', (n) => letter(n, LONG_LIST, 'a circular'))
    await fill('archive', (n) => letter(n, 'b@else.example', BODY))
    await waitUntil(async () => (await harness.searchDocuments()) === 2 * COUNT)
  })
  after(async () => {
    for (const close of closing) await close()
  })

  const search = (query: string, offset: number, options?: ContentOptions) =>
    harness.client.searchMessages({ ...mike, query, offset, limit: 1000, options })

  /** What is found from page to page, until nothing more comes. */
  const foundBy = async (query: string, options?: ContentOptions) => {
    const pages: SearchMessagesResponse[] = []
    for (let offset = 0; ; offset += pages.at(-1)!.messages.length) {
      const page = await search(query, offset, options)
      assert.equal(page.total, COUNT)
      if (page.messages.length === 0) return pages
      pages.push(page)
    }
  }
  const subjectsOf = (pages: readonly Pick<SearchMessagesResponse, 'messages'>[]) =>
    pages.flatMap(({ messages }) => messages.map(({ envelope }) => envelope!.subject))

  test('of a list hold as many as there is room for, and the next goes on there', async () => {
    const pages: ListMessagesResponse[] = []
    for (let pageToken = ''; pages.length === 0 || pageToken !== ''; ) {
      const page = await harness.client.listMessages({ ...mike, mailbox: 'inbox', pageSize: 1000, pageToken })
      assert.ok(ListMessagesResponse.encode(page).finish().length <= ROOM + FORM)
      pages.push(page)
      pageToken = page.nextPageToken
    }
    assert.ok(pages.length > 1, 'they are too long for one')
    assert.deepEqual(subjectsOf(pages), newestFirst)
  })

  test('of a list are as short as they were asked for', async () => {
    const page = await harness.client.listMessages({ ...mike, mailbox: 'inbox', pageSize: 3 })
    assert.deepEqual(subjectsOf([page]), newestFirst.slice(0, 3))
    assert.notEqual(page.nextPageToken, '')
  })

  test('of a search hold as many as there is room for, and say how many there are', async () => {
    const pages = await foundBy('circular')
    for (const page of pages) assert.ok(SearchMessagesResponse.encode(page).finish().length <= ROOM + FORM)
    assert.ok(pages.length > 1, 'they are too long for one')
    assert.deepEqual(subjectsOf(pages), newestFirst)
  })

  test('of a search hold as many bodies as there is room for, each whole', async () => {
    const pages = await foundBy('importance', PLAIN)
    for (const page of pages) assert.ok(SearchMessagesResponse.encode(page).finish().length <= ROOM + FORM)
    assert.ok(pages.length > 1, 'they are too long for one')
    assert.deepEqual(subjectsOf(pages), newestFirst)
    for (const { body } of pages.flatMap(({ messages }) => messages))
      assert.ok(body!.data!.length >= BODY.length && body!.deferredLength === 0)
  })

  test('of a search end sooner where the caller has room for less; a body that no room is for is left out of the first', async () => {
    const options = { ...PLAIN, inlineBytes: MB }
    assert.equal((await search('importance', 0, options)).messages.length, Math.floor(MB / BODY.length))
    const { messages } = await search('importance', 0, { ...PLAIN, inlineBytes: 1000 })
    assert.equal(messages.length, 1)
    assert.ok(messages[0]!.body!.data === undefined && messages[0]!.body!.deferredLength >= BODY.length)
  })
})
