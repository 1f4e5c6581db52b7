import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAX_MESSAGES_PER_COMMIT } from '../src/commands/batches.ts'
import { deliver, importMessages, plain, submit } from './calls.ts'
import { ANNA, asOwner, MIKE, TENANT } from './harness.ts'
import { onBothTransports, type Suite } from './on-both-transports.ts'

const mike = { tenant: TENANT, account: MIKE }

let threads = 0

/** Messages of one conversation, as they come after each other. */
const thread = () => {
  const root = `<root${++threads}@ox.io>`
  let n = 0
  return {
    root,
    next: () =>
      `From: Anna <anna@ox.io>\nTo: mike@ox.io\nSubject: Re: thread ${threads}\nMessage-ID: <${threads}-${++n}@ox.io>\nReferences: ${root}\n\nHello\n`,
  }
}

const inMailbox = async ({ client }: Suite, mailbox: string, account = MIKE) => {
  const request = { tenant: TENANT, account, mailbox, pageSize: 1000 }
  return (await client.listMessages(request, { identity: asOwner(account) })).messages
}

const arrived = async (suite: Suite, message: string, to = MIKE, mailbox = '') => {
  const recipients = [{ account: to, envelopeRecipient: 'x@ox.io', mailbox }]
  const [result] = await deliver(suite.client, message, { header: { recipients } })
  const { mailboxes } = await suite.client.listMailboxes(
    { tenant: TENANT, account: to, minPosition: result!.position },
    { identity: asOwner(to) },
  )
  for (const { mailbox } of mailboxes)
    for (const found of await inMailbox(suite, mailbox, to))
      if (found.placement >= result!.position * 8192) return { ...found, mailbox }
  throw new Error('it did not arrive')
}

const conversationOf = async (suite: Suite, message: string) => {
  const { conversation, mailbox } = await arrived(suite, message)
  return { conversation, mailbox }
}

const move = ({ client }: Suite, conversation: Uint8Array, to: string, always = true) =>
  client.moveConversation({ ...mike, conversation, to, always })

onBothTransports((suite) => {
  test('MS-ASCON 2.2.2.8: all messages of a conversation go, from wherever they are, but what its owner wrote', async () => {
    const { next } = thread()
    const { conversation } = await conversationOf(suite, next())
    await arrived(suite, next(), MIKE, 'junk')
    await arrived(suite, plain('of another conversation'))
    await submit(suite.client, next().replace('From: Anna <anna@ox.io>', 'From: mike@ox.io'))
    const { mailbox } = await suite.client.createMailbox({ ...mike, name: 'Project' })
    const { moved } = await move(suite, conversation, mailbox)
    assert.equal(moved, 2)
    assert.equal((await inMailbox(suite, mailbox)).length, 2)
    const sent = await inMailbox(suite, 'sent')
    assert.ok(sent.some((one) => Buffer.from(one.conversation).equals(conversation)))
  })

  test('what comes later goes there too, and only to its owner', async () => {
    const { next } = thread()
    const { conversation } = await conversationOf(suite, next())
    const { mailbox } = await suite.client.createMailbox({ ...mike, name: 'Later' })
    await move(suite, conversation, mailbox)
    assert.equal((await arrived(suite, next())).mailbox, mailbox)
    assert.equal((await arrived(suite, next(), ANNA)).mailbox, 'inbox')
    assert.equal((await arrived(suite, plain('another'))).mailbox, 'inbox')
    assert.equal((await arrived(suite, next(), MIKE, 'junk')).mailbox, 'junk')
  })

  test('an ignored conversation goes to the trash; one moved to the inbox goes its usual way again', async () => {
    const { next } = thread()
    const { conversation } = await conversationOf(suite, next())
    await move(suite, conversation, 'trash')
    assert.equal((await arrived(suite, next())).mailbox, 'trash')
    const { moved } = await move(suite, conversation, 'inbox')
    assert.equal(moved, 2)
    assert.equal((await arrived(suite, next())).mailbox, 'inbox')
  })

  test('a move that is not for always says nothing about later mail', async () => {
    const { next } = thread()
    const { conversation } = await conversationOf(suite, next())
    assert.equal((await move(suite, conversation, 'archive', false)).moved, 1)
    assert.equal((await arrived(suite, next())).mailbox, 'inbox')
  })

  test('where the mailbox is deleted, mail comes to the inbox', async () => {
    const { next } = thread()
    const { conversation } = await conversationOf(suite, next())
    const { mailbox } = await suite.client.createMailbox({ ...mike, name: 'Passing' })
    await move(suite, conversation, mailbox)
    await suite.client.deleteMailbox({ ...mike, mailbox })
    assert.equal((await arrived(suite, next())).mailbox, 'inbox')
  })

  test('done again it does nothing, and a conversation that isn’t there is nothing to move', async () => {
    const { next } = thread()
    const { conversation } = await conversationOf(suite, next())
    await move(suite, conversation, 'archive')
    assert.equal((await move(suite, conversation, 'archive')).moved, 0)
    assert.equal((await move(suite, Buffer.alloc(16, 9), 'archive')).moved, 0)
  })

  test('of more messages than one commit takes, all are moved', async () => {
    const { next } = thread()
    const count = MAX_MESSAGES_PER_COMMIT + 3
    const messages = Array.from({ length: count }, () => ({ message: next(), header: { mailbox: 'inbox' } }))
    await importMessages(suite.client, messages)
    const { conversation } = await conversationOf(suite, next())
    assert.equal((await move(suite, conversation, 'archive')).moved, count + 1)
  })

  test('can go to no mailbox that isn’t there or holds what its owner writes', async () => {
    const { conversation } = await conversationOf(suite, thread().next())
    await assert.rejects(move(suite, conversation, 'm999'), { code: 'MAILBOX_NOT_FOUND' })
    for (const to of ['drafts', 'outbox', 'sent'])
      await assert.rejects(move(suite, conversation, to), { code: 'MAILBOX_TAKES_NO_MAIL' })
    await assert.rejects(move(suite, Buffer.alloc(15), 'archive'), { code: 'INVALID_ARGUMENT' })
  })

  test('nobody moves another’s conversation', async () => {
    const { conversation } = await conversationOf(suite, thread().next())
    const asked = suite.client.moveConversation(
      { ...mike, conversation, to: 'archive', always: true },
      { identity: asOwner(ANNA) },
    )
    await assert.rejects(asked, { code: 'PERMISSION_DENIED' })
    const elsewhere = suite.client.moveConversation(
      { ...mike, conversation, to: 'archive', always: true },
      { identity: asOwner(MIKE, 'other') },
    )
    await assert.rejects(elsewhere, { code: 'PERMISSION_DENIED' })
  })
})
