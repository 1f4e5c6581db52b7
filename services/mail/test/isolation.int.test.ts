import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MailDefinition } from '@relais/proto/mail/v1/mail.ts'
import type { Identity } from '@relais/service-kit/call.ts'
import { deliver, importMessages, plain, type ToImport } from './calls.ts'
import { ANNA, asOwner, asTransport, MIKE, TENANT } from './harness.ts'
import { onBothTransports, type Suite } from './on-both-transports.ts'

const OTHER = 'other'

/** What belongs to Mike: everything an attacker could know the names of. */
type Loot = {
  readonly placement: number
  readonly mailbox: string
  readonly blob: string
  readonly item: number
}

type Attack = (loot: Loot, as: { tenant: string; account: string }, identity: Identity) => Promise<unknown>

const drain = async (stream: AsyncIterable<unknown>) => {
  for await (const _ of stream);
}

async function* parts(header: object, bytes = Buffer.from('From: a@x\nTo: b@x\n\nx')) {
  yield { part: { $case: 'header' as const, value: header } }
  yield { part: { $case: 'chunk' as const, value: bytes } }
}

/** One attempt for every method: with the names of the loot, for an account, under an identity. */
const attacks = ({ client }: Suite): Readonly<Record<keyof typeof MailDefinition.methods, Attack>> => ({
  deliver: (_, as, identity) =>
    client.deliver(parts({ tenant: as.tenant, commandId: 'c', recipients: [as] }), { identity }),
  submit: ({ placement }, as, identity) =>
    client.submit(parts({ ...as, commandId: 'c', source: { placement, verb: 'forward' } }), { identity }),
  import: ({ mailbox }, as, identity) => client.import(parts({ ...as, mailbox }), { identity }),
  export: ({ mailbox }, as, identity) => drain(client.export({ ...as, mailboxes: [mailbox] }, { identity })),
  listMailboxes: (_, as, identity) => client.listMailboxes(as, { identity }),
  createMailbox: ({ mailbox }, as, identity) =>
    client.createMailbox({ ...as, name: 'x', parent: mailbox }, { identity }),
  updateMailbox: ({ mailbox }, as, identity) =>
    client.updateMailbox({ ...as, mailbox, name: 'stolen' }, { identity }),
  deleteMailbox: ({ mailbox }, as, identity) => client.deleteMailbox({ ...as, mailbox }, { identity }),
  emptyMailbox: ({ mailbox }, as, identity) => client.emptyMailbox({ ...as, mailbox }, { identity }),
  getHeads: (_, as, identity) => client.getHeads({ accounts: [as] }, { identity }),
  getUsage: (_, as, identity) => client.getUsage(as, { identity }),
  listMessages: ({ mailbox }, as, identity) => client.listMessages({ ...as, mailbox }, { identity }),
  getMessages: ({ placement }, as, identity) =>
    client.getMessages({ ...as, placements: [placement] }, { identity }),
  readPart: ({ placement }, as, identity) => drain(client.readPart({ ...as, placement }, { identity })),
  updateMessages: ({ placement }, as, identity) =>
    client.updateMessages({ ...as, placements: [placement], seen: true }, { identity }),
  moveMessages: ({ placement, mailbox }, as, identity) =>
    client.moveMessages(
      { ...as, device: 'd', moves: [{ placement, from: mailbox, to: 'trash' }] },
      { identity },
    ),
  copyMessages: ({ placement }, as, identity) =>
    client.copyMessages({ ...as, placements: [placement], to: 'inbox' }, { identity }),
  deleteMessages: ({ placement }, as, identity) =>
    client.deleteMessages({ ...as, placements: [placement] }, { identity }),
  searchMessages: (_, as, identity) => client.searchMessages({ ...as, query: 'treasure' }, { identity }),
  getAutomaticReplies: (_, as, identity) => client.getAutomaticReplies(as, { identity }),
  setAutomaticReplies: (_, as, identity) =>
    client.setAutomaticReplies({ ...as, replies: { state: 'on' } }, { identity }),
  moveConversation: (_, as, identity) =>
    client.moveConversation({ ...as, conversation: Buffer.alloc(16), to: 'trash' }, { identity }),
  syncMailboxes: (_, as, identity) => client.syncMailboxes(as, { identity }),
  syncMessages: ({ mailbox, placement }, as, identity) =>
    client.syncMessages(
      {
        ...{ ...as, device: 'd', now: Date.now(), window: 10 },
        collections: [
          {
            mailbox,
            getChanges: true,
            window: 10,
            commands: [{ command: { $case: 'fetch', value: { placement } } }],
          },
        ],
      },
      { identity },
    ),
  estimateMessages: ({ mailbox }, as, identity) =>
    client.estimateMessages({ ...as, now: Date.now(), collections: [{ mailbox }] }, { identity }),
})

/** Mike's treasure, as the attacker must find it again afterwards: untouched. */
const lootOf = async ({ client }: Suite): Promise<Loot> => {
  const mike = { tenant: TENANT, account: MIKE }
  const { mailbox } = await client.createMailbox({ ...mike, name: 'Vault' })
  const message: ToImport = { message: plain('treasure', '', 'treasure'), header: { mailbox } }
  await importMessages(client, [message])
  const { messages } = await client.listMessages({ ...mike, mailbox })
  const { placement, blob, item } = messages[0]!
  return { placement, mailbox, blob, item }
}

const photograph = async ({ client }: Suite, { mailbox }: Loot) => {
  const mike = { tenant: TENANT, account: MIKE }
  const { mailboxes } = await client.listMailboxes(mike)
  const { messages } = await client.listMessages({ ...mike, mailbox })
  return { mailboxes, messages, usage: await client.getUsage(mike) }
}

onBothTransports((suite) => {
  let loot: Loot

  test('there is something to steal', async () => {
    suite.mail.directory.set({ tenant: OTHER, account: MIKE, address: 'mike@other.example' })
    suite.mail.directory.set({ tenant: OTHER, account: ANNA, address: 'anna@other.example' })
    loot = await lootOf(suite)
  })

  test('every method is tried', () => {
    assert.deepEqual(Object.keys(attacks(suite)).sort(), Object.keys(MailDefinition.methods).sort())
  })

  const nobody: Identity = { tenant: '', actor: { kind: '', id: '', device: '' }, principal: '' }
  const strangers: [string, Identity][] = [
    ['another account of the tenant', asOwner(ANNA)],
    ['the account of the same id in another tenant', asOwner(MIKE, OTHER)],
    ['a device of another account', asOwner(ANNA, TENANT, 'd1')],
    ["a service in another tenant's name", asTransport(OTHER)],
    ['an account without a tenant', { ...asOwner(MIKE), tenant: '' }],
    ['somebody who says nothing', nobody],
  ]

  for (const [who, identity] of strangers) {
    test(`${who} is refused everything in Mike's account`, async () => {
      const before = await photograph(suite, loot)
      for (const [method, attack] of Object.entries(attacks(suite))) {
        await assert.rejects(
          attack(loot, { tenant: TENANT, account: MIKE }, identity),
          { code: 'PERMISSION_DENIED' },
          method,
        )
      }
      assert.deepEqual(await photograph(suite, loot), before)
    })
  }

  for (const [who, as] of [
    ['another account', { tenant: TENANT, account: ANNA }],
    ['another tenant', { tenant: OTHER, account: MIKE }],
  ] as const) {
    test(`Mike's ids name nothing in ${who}`, async () => {
      const identity = asOwner(as.account, as.tenant)
      const before = await photograph(suite, loot)
      const found: string[] = []
      for (const [method, attack] of Object.entries(attacks(suite))) {
        if (method === 'deliver') continue
        const answer = await attack(loot, as, identity).catch((error: Error) => error)
        if (!(answer instanceof Error) && /treasure|Vault/.test(JSON.stringify(answer))) found.push(method)
      }
      assert.deepEqual(found, [])
      assert.deepEqual(await photograph(suite, loot), before)
      const { messages } = await suite.client.getUsage(as, { identity })
      assert.equal(messages, 0, 'nothing of it was copied')
    })
  }

  test("a tenant's blob is not seen from another one by its id", async () => {
    const [result] = await deliver(suite.client, plain('mine'), {
      ...{ to: [MIKE], identity: asTransport(OTHER), header: { tenant: OTHER } },
    })
    assert.equal(result!.code, '')
    await assert.rejects(suite.mail.blobs.get(OTHER, loot.blob), { code: 'BLOB_NOT_FOUND' })
  })

  test('an account asked for among others is refused with them', async () => {
    const accounts = [
      { tenant: TENANT, account: ANNA },
      { tenant: TENANT, account: MIKE },
    ]
    await assert.rejects(suite.client.getHeads({ accounts }, { identity: asOwner(ANNA) }), {
      code: 'PERMISSION_DENIED',
    })
  })
})
