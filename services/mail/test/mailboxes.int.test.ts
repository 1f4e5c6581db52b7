import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Mailbox } from '@relais/proto/mail/v1/mail.ts'
import { deliver, importMessages, plain } from './calls.ts'
import { ANNA, asOwner, MIKE, startMail, TENANT } from './harness.ts'
import { onBothTransports, type Suite } from './on-both-transports.ts'

const mike = { tenant: TENANT, account: MIKE }

const list = async ({ client }: Pick<Suite, 'client'>): Promise<Mailbox[]> =>
  (await client.listMailboxes(mike)).mailboxes

const find = async (suite: Pick<Suite, 'client'>, mailbox: string) =>
  (await list(suite)).find((found) => found.mailbox === mailbox)

const subjects = async ({ client }: Pick<Suite, 'client'>, mailbox: string) =>
  (await client.listMessages({ ...mike, mailbox })).messages.map(({ envelope }) => envelope?.subject)

onBothTransports((suite) => {
  test('an account has its default mailboxes at the first need, in its language', async () => {
    const { client, mail } = suite
    mail.directory.set({ tenant: TENANT, account: 'u_fr', locale: 'fr-CH', address: 'fr@ox.io' })
    const { mailboxes, position } = await client.listMailboxes(
      { tenant: TENANT, account: 'u_fr' },
      { identity: asOwner('u_fr') },
    )
    assert.deepEqual(
      mailboxes.map(({ mailbox, role, name, parent }) => [mailbox, role, name, parent]).sort(),
      [
        ['archive', 'archive', 'Archives', ''],
        ['drafts', 'drafts', 'Brouillons', ''],
        ['inbox', 'inbox', 'Boîte de réception', ''],
        ['junk', 'junk', 'Indésirables', ''],
        ['outbox', 'outbox', "Boîte d'envoi", ''],
        ['sent', 'sent', 'Envoyés', ''],
        ['trash', 'trash', 'Corbeille', ''],
      ],
    )
    assert.ok(position > 0)
  })

  test('an account that the directory does not know has none', async () => {
    const { client } = suite
    await assert.rejects(
      client.listMailboxes({ tenant: TENANT, account: 'u_none' }, { identity: asOwner('u_none') }),
      { code: 'ACCOUNT_NOT_FOUND' },
    )
  })

  test('a mailbox is made, renamed, moved and deleted', async () => {
    const { client } = suite
    const made = await client.createMailbox({ ...mike, name: 'Projects' })
    const below = await client.createMailbox({ ...mike, name: 'Alpha', parent: made.mailbox })
    await client.updateMailbox({ ...mike, mailbox: below.mailbox, name: 'Beta', parent: 'inbox' })
    const found = await find(suite, below.mailbox)
    assert.deepEqual([found?.name, found?.parent, found?.role, found?.total], ['Beta', 'inbox', '', 0])
    await client.deleteMailbox({ ...mike, mailbox: below.mailbox })
    await client.deleteMailbox({ ...mike, mailbox: made.mailbox })
    assert.equal(await find(suite, below.mailbox), undefined)
    const next = await client.createMailbox({ ...mike, name: 'Gamma' })
    assert.notEqual(next.mailbox, below.mailbox)
    assert.ok(next.mailbox.length <= 64)
  })

  test('refusals come with their codes', async () => {
    const { client } = suite
    await assert.rejects(client.createMailbox({ ...mike, name: '' }), { code: 'MAILBOX_NAME_INVALID' })
    await assert.rejects(client.createMailbox({ ...mike, name: 'inbox' }), { code: 'MAILBOX_NAME_TAKEN' })
    await assert.rejects(client.updateMailbox({ ...mike, mailbox: 'sent', name: 'x' }), {
      code: 'MAILBOX_IS_DEFAULT',
    })
    await assert.rejects(client.deleteMailbox({ ...mike, mailbox: 'inbox' }), { code: 'MAILBOX_IS_DEFAULT' })
    await assert.rejects(client.deleteMailbox({ ...mike, mailbox: 'm999' }), { code: 'MAILBOX_NOT_FOUND' })
  })

  test('a repeated command answers what the first one did', async () => {
    const { client } = suite
    const create = { ...mike, name: 'Once', commandId: 'create-once' }
    const first = await client.createMailbox(create)
    assert.deepEqual(await client.createMailbox(create), first)
    const rename = { ...mike, mailbox: first.mailbox, name: 'Renamed', commandId: 'rename-once' }
    await client.updateMailbox(rename)
    await client.updateMailbox(rename)
    const remove = { ...mike, mailbox: first.mailbox, commandId: 'delete-once' }
    const { position } = await client.deleteMailbox(remove)
    assert.equal((await client.deleteMailbox(remove)).position, position)
    await assert.rejects(client.deleteMailbox({ ...remove, commandId: 'other' }), {
      code: 'MAILBOX_NOT_FOUND',
    })
  })

  test('a deleted mailbox leaves its messages, and those of what is under it, in the trash', async () => {
    const { client } = suite
    const { mailbox } = await client.createMailbox({ ...mike, name: 'Old' })
    await importMessages(client, [
      { message: plain('upper'), header: { path: ['Old'] } },
      { message: plain('lower'), header: { path: ['Old', 'Deeper', 'Still deeper'] } },
    ])
    await client.deleteMailbox({ ...mike, mailbox })
    assert.deepEqual((await subjects(suite, 'trash')).sort(), ['lower', 'upper'])
    const names = (await list(suite)).map(({ name }) => name)
    assert.ok(!names.includes('Old') && !names.includes('Still deeper'))
  })

  test('one that lies in the trash goes with its messages', async () => {
    const { client } = suite
    const { mailbox } = await client.createMailbox({ ...mike, name: 'Bin', parent: 'trash' })
    await importMessages(client, [{ message: plain('gone'), header: { mailbox } }])
    const before = await client.getUsage(mike)
    await client.deleteMailbox({ ...mike, mailbox })
    assert.ok(!(await subjects(suite, 'trash')).includes('gone'))
    assert.equal((await client.getUsage(mike)).messages, before.messages - 1)
  })

  test('emptying a mailbox deletes its messages for good, and with the children those mailboxes', async () => {
    const { client } = suite
    const { mailbox } = await client.createMailbox({ ...mike, name: 'Full' })
    const child = await client.createMailbox({ ...mike, name: 'Child', parent: mailbox })
    await importMessages(client, [
      { message: plain('a'), header: { mailbox } },
      { message: plain('b'), header: { mailbox: child.mailbox } },
    ])
    await client.emptyMailbox({ ...mike, mailbox })
    assert.deepEqual(await subjects(suite, mailbox), [])
    assert.deepEqual(await subjects(suite, child.mailbox), ['b'])
    await client.emptyMailbox({ ...mike, mailbox, withChildren: true })
    assert.equal(await find(suite, child.mailbox), undefined)
    assert.ok(await find(suite, mailbox))
    await assert.rejects(client.emptyMailbox({ ...mike, mailbox: 'm999' }), { code: 'MAILBOX_NOT_FOUND' })
  })

  test('heads say which mailboxes changed, for many accounts in one call', async () => {
    const { client, mail } = suite
    const heads = async () => {
      const accounts = [mike, { tenant: TENANT, account: ANNA }, { tenant: TENANT, account: 'u_none' }]
      const identity = {
        tenant: '',
        actor: { kind: 'service', id: 'device-sync', device: '' },
        principal: '',
      }
      const answer = await client.getHeads({ accounts }, { identity })
      const byAccount = answer.accounts.map(({ collections, hierarchy }) => ({
        hierarchy,
        of: (id: string) => collections.find(({ collection }) => collection === id)?.head,
        count: collections.length,
      }))
      return { ...answer, byAccount }
    }
    await client.listMailboxes({ tenant: TENANT, account: ANNA }, { identity: asOwner(ANNA) })
    const before = await heads()
    const [result] = await deliver(client, plain('head'), { to: [MIKE] })
    await client.listMailboxes({ ...mike, minPosition: result!.position })
    const after = await heads()
    assert.equal(after.byAccount[0]!.of('inbox'), result!.position)
    assert.equal(after.byAccount[0]!.of('sent'), before.byAccount[0]!.of('sent'))
    assert.equal(after.byAccount[0]!.hierarchy, before.byAccount[0]!.hierarchy)
    assert.deepEqual(after.byAccount[1]!.of('inbox'), before.byAccount[1]!.of('inbox'))
    assert.equal(after.byAccount[2]!.count, 0)
    assert.ok(after.position >= result!.position)
    assert.equal(mail.mail.checkpoint() >= result!.position, true)
  })
})

describe('mailboxes made at the same time', () => {
  test('of one name are one', async (t) => {
    const suite = await startMail(t)
    const made = await Promise.allSettled(
      Array.from({ length: 8 }, () => suite.client.createMailbox({ ...mike, name: 'Same' })),
    )
    assert.equal(made.filter(({ status }) => status === 'fulfilled').length, 1)
    assert.equal((await list(suite)).filter(({ name }) => name === 'Same').length, 1)
  })

  test('of different names are all there', async (t) => {
    const suite = await startMail(t)
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, n) => suite.client.createMailbox({ ...mike, name: `Box ${n}` })),
    )
    assert.equal(new Set(made.map(({ mailbox }) => mailbox)).size, 20)
  })

  test('mail that comes while its mailbox is deleted is in the trash or in the inbox, never lost', async (t) => {
    const suite = await startMail(t)
    const { client } = suite
    const { mailbox } = await client.createMailbox({ ...mike, name: 'Race' })
    const recipients = [{ account: MIKE, envelopeRecipient: 'mike@ox.io', mailbox }]
    const deliveries = Array.from({ length: 20 }, (_, n) =>
      deliver(client, plain(`race ${n}`), { header: { recipients } }),
    )
    await client.deleteMailbox({ ...mike, mailbox })
    const results = (await Promise.all(deliveries)).flat()
    assert.ok(results.every(({ code }) => code === ''))
    await client.listMailboxes({ ...mike, minPosition: Math.max(...results.map(({ position }) => position)) })
    const found = [...(await subjects(suite, 'trash')), ...(await subjects(suite, 'inbox'))]
    assert.equal(found.length, 20)
  })
})
