import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MessageDelivered } from '@relais/proto/mail/v1/events.ts'
import fc from 'fast-check'
import { KEY, openRows } from '../projections/rows.fixture.ts'
import { type Arriving, conversationOf } from './threads.ts'

const DAY_MS = 24 * 3600 * 1000

type Message = Pick<Arriving, 'messageId' | 'inReplyTo' | 'references' | 'subject'> & {
  readonly receivedAt?: number
}

type Rows = Awaited<ReturnType<typeof openRows>>

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

/** Takes a message in as a delivery does; answers with its conversation. */
const arrive = async (rows: Rows, message: Message): Promise<string> => {
  const { receivedAt = 1_764_000_000_000 } = message
  const conversation = await conversationOf(rows.store, KEY, {
    ...message,
    receivedAt,
    blob: message.messageId,
  })
  const { messageId, subject } = message
  const content = {
    blob: 'x',
    size: 1,
    receivedAt,
    conversation: new Uint8Array(conversation),
    envelope: { messageId, subject },
  }
  await rows.commit([
    { type: 'MessageDelivered', payload: MessageDelivered.fromPartial({ mailbox: 'inbox', content }) },
  ])
  return hex(conversation)
}

const message = (messageId: string, some: Partial<Message> = {}): Message => ({
  ...{ messageId, inReplyTo: '', references: [], subject: 'Plans' },
  ...some,
})

describe('a conversation', () => {
  test('is joined by the nearest ancestor that is known', async (t) => {
    const rows = await openRows(t)
    const first = await arrive(rows, message('<a>'))
    const second = await arrive(rows, message('<b>', { subject: 'Other' }))
    assert.notEqual(second, first)
    assert.equal(await arrive(rows, message('<c>', { inReplyTo: '<b>', references: ['<a>', '<b>'] })), second)
    assert.equal(await arrive(rows, message('<d>', { references: ['<a>', '<gone>'] })), first)
  })

  test('is joined by In-Reply-To alone, and through a message that came in between', async (t) => {
    const rows = await openRows(t)
    const first = await arrive(rows, message('<a>'))
    assert.equal(await arrive(rows, message('<b>', { inReplyTo: '<a>', subject: 'x' })), first)
    assert.equal(await arrive(rows, message('<c>', { inReplyTo: '<b>', subject: 'y' })), first)
  })

  test('is joined by the subject of a reply without references, within 30 days', async (t) => {
    const rows = await openRows(t)
    const at = 1_764_000_000_000
    const first = await arrive(rows, message('<a>', { receivedAt: at }))
    assert.equal(
      await arrive(rows, message('<b>', { subject: 'AW: plans', receivedAt: at + 29 * DAY_MS })),
      first,
    )
    assert.notEqual(
      await arrive(rows, message('<c>', { subject: 'Re: Plans', receivedAt: at + 90 * DAY_MS })),
      first,
    )
  })

  test('of the same subject is another one where nothing says that it is answered', async (t) => {
    const rows = await openRows(t)
    assert.notEqual(await arrive(rows, message('<a>')), await arrive(rows, message('<b>')))
  })

  test('is not shared by messages without a subject', async (t) => {
    const rows = await openRows(t)
    const first = await arrive(rows, message('<a>', { subject: '' }))
    assert.notEqual(await arrive(rows, message('<b>', { subject: 'Re:' })), first)
  })

  test('of another account is not joined', async (t) => {
    const rows = await openRows(t)
    await arrive(rows, message('<b>', { references: ['<root>'] }))
    const elsewhere = await conversationOf(
      rows.store,
      { ...KEY, account: 'u_2' },
      { ...message('<c>', { inReplyTo: '<b>' }), receivedAt: 1, blob: 'x' },
    )
    const here = await conversationOf(rows.store, KEY, {
      ...message('<c>', { inReplyTo: '<b>' }),
      receivedAt: 1,
      blob: 'x',
    })
    assert.notEqual(hex(elsewhere), hex(here))
  })

  test('is the same for a whole tree of replies, in whatever order they come', async (t) => {
    const rows = await openRows(t)
    let tree = 0
    const parents = fc.array(fc.nat(), { minLength: 1, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(parents, fc.infiniteStream(fc.nat()), async (choices, order) => {
        const name = `t${tree++}`
        const messages = [message(`<${name}.0>`, { subject: name })]
        for (const [n, choice] of choices.entries()) {
          const parent = messages[choice % messages.length]!
          const references = [...parent.references, parent.messageId]
          messages.push(
            message(`<${name}.${n + 1}>`, {
              inReplyTo: parent.messageId,
              references,
              subject: `Re: ${name}`,
            }),
          )
        }
        const found = new Set<string>()
        while (messages.length > 0) {
          const { value } = order.next()
          found.add(await arrive(rows, messages.splice(value % messages.length, 1)[0]!))
        }
        assert.equal(found.size, 1)
      }),
      { numRuns: 15 },
    )
  })
})
