import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type {
  DeepPartial,
  DraftContent,
  SyncCollectionRequest,
  SyncCommand,
} from '@relais/proto/mail/v1/mail.ts'
import { waitUntil } from '@relais/testing'
import { type HarnessOptions, startMail } from '../harness.ts'
import type { TestDevice } from './device.ts'
import { onBothTransports, servedAccount } from './serve.ts'

const DRAFTS = 'drafts'

type Asked = DeepPartial<SyncCollectionRequest>

const add = (clientId: string, draft: DeepPartial<DraftContent>, send = false): DeepPartial<SyncCommand> => ({
  command: { $case: 'add', value: { clientId, draft, seen: true, send } },
})
const change = (
  placement: number,
  draft: DeepPartial<DraftContent>,
  send = false,
): DeepPartial<SyncCommand> => ({
  command: { $case: 'change', value: { placement, draft, send } },
})
const text = (words: string) => ({ type: 'plain', data: Buffer.from(words) })

const say = async (device: TestDevice, command: DeepPartial<SyncCommand>, more: Asked = {}) => {
  const [answer] = await device.ask([device.compose({ mailbox: DRAFTS, ...more, commands: [command] })])
  return answer!
}

const primed = async (device: TestDevice): Promise<TestDevice> => {
  await device.sync({ mailbox: DRAFTS })
  return device
}

onBothTransports('drafts of devices', (open) => {
  test('a draft is a message of its owner, which any program sees and moves', async () => {
    const { client, device, who, as } = open()
    await primed(device)
    const { results } = await say(device, add('c', { to: 'a@x.example', subject: 'One', body: text('Hi') }))
    const { placement, outcome } = results[0]!
    assert.equal(outcome, 'ok')
    const { messages } = await client.getMessages(
      { ...who, placements: [placement], options: { withBody: true } },
      as,
    )
    assert.deepEqual(
      [messages[0]?.mailbox, messages[0]?.envelope?.subject, messages[0]?.state?.draft],
      [DRAFTS, 'One', true],
    )
    const moved = await client.moveMessages(
      { ...who, moves: [{ placement, from: DRAFTS, to: 'archive' }] },
      as,
    )
    assert.equal(moved.results[0]?.outcome, 'moved')
    const late = await say(device, change(placement, { subject: 'Two' }))
    assert.equal(late.results[0]?.outcome, 'not_found')
  })

  test('two saves at the same moment are two edits, none of which loses the other’s words', async () => {
    const { client, device, deviceOf, who, as } = open()
    await primed(device)
    const { results } = await say(device, add('c', { subject: 'One', body: text('Hi') }))
    const { placement } = results[0]!
    const devices = await Promise.all(['d2', 'd3', 'd4'].map((name) => primed(deviceOf(name))))
    const fields = [{ to: 'to@x.example' }, { cc: 'cc@x.example' }, { bcc: 'bcc@x.example' }]
    const answers = await Promise.all(
      devices.map((one, n) => say(one, change(placement, fields[n]!), { clientWins: true })),
    )
    assert.deepEqual(
      answers.map((answer) => answer.results[0]?.outcome),
      ['ok', 'ok', 'ok'],
    )
    const { messages } = await client.getMessages({ ...who, placements: [placement] }, as)
    const { to, cc, bcc } = messages[0]!.envelope!
    assert.deepEqual([to.length, cc.length, bcc.length], [1, 1, 1])
  })

  test('one that is sent by two devices at once is sent once', async () => {
    const { client, device, deviceOf, who, as } = open()
    await primed(device)
    const { results } = await say(device, add('c', { to: 'a@x.example', subject: 'Once' }))
    const { placement } = results[0]!
    const other = await primed(deviceOf('d2'))
    const answers = await Promise.all([device, other].map((one) => say(one, change(placement, {}, true))))
    assert.deepEqual(answers.map((answer) => answer.results[0]?.outcome).sort(), ['not_found', 'ok'])
    const sent = await client.listMessages({ ...who, mailbox: 'sent' }, as)
    assert.equal(sent.messages.length, 1)
  })

  test('a part of it is read by its number, and by its name', async () => {
    const { client, device, who, as } = open()
    await primed(device)
    const attached = [{ clientId: 'f', name: 'f.txt', type: 'text/plain', data: Buffer.from('file') }]
    const { results } = await say(device, add('c', { attached }))
    const [file] = results[0]!.attached
    assert.deepEqual([file?.clientId, file?.name], ['f', 'f.txt'])
    for (const part of [file!.part, `cid:${file!.contentId}`]) {
      const chunks: Buffer[] = []
      for await (const { part: piece } of client.readPart(
        { ...who, placement: results[0]!.placement, part },
        as,
      ))
        if (piece?.$case === 'chunk') chunks.push(Buffer.from(piece.value))
      assert.equal(Buffer.concat(chunks).toString(), 'file')
    }
  })

  for (const [what, command, code] of [
    ['a client id of 65 characters', add('x'.repeat(65), {}), 'INVALID_ARGUMENT'],
    ['no client id', add('', {}), 'INVALID_ARGUMENT'],
  ] as const)
    test(`an item with ${what} is refused`, async () => {
      const { device } = open()
      await primed(device)
      await assert.rejects(say(device, command), { code })
    })
})

describe('what devices add', () => {
  test('goes to the drafts, text messages to the inbox and the outbox', async (t) => {
    const { device } = servedAccount(await startMail(t), 'u_adding')
    for (const [mailbox, kind, taken] of [
      ['drafts', '', true],
      ['inbox', '', false],
      ['inbox', 'sms', true],
      ['drafts', 'sms', false],
      ['inbox', 'other', false],
    ] as const) {
      await device.sync({ mailbox })
      const commands = [{ command: { $case: 'add' as const, value: { clientId: `c${kind}`, kind } } }]
      const asking = device.ask([device.compose({ mailbox, commands })])
      if (taken) assert.equal((await asking)[0]?.results[0]?.outcome, 'ok')
      else await assert.rejects(asking, { code: 'INVALID_ARGUMENT' })
    }
  })
})

describe('drafts within the bounds of an account', () => {
  const bounded = async (
    t: Parameters<typeof startMail>[0],
    quotaBytes: number,
    limits: HarnessOptions['limits'] = {},
  ) => {
    const suite = await startMail(t, { limits })
    const served = servedAccount(suite, 'u_bounded')
    suite.directory.set({ tenant: 'acme', account: 'u_bounded', address: 'b@ox.io', quotaBytes })
    await primed(served.device)
    return { ...served, suite }
  }

  test('one that has no room is refused, and takes none', async (t) => {
    const { client, device, who, as } = await bounded(t, 2000)
    const large = await say(device, add('c', { body: text('x'.repeat(3000)) }))
    assert.equal(large.results[0]?.outcome, 'no_room')
    const small = await say(device, add('c', { body: text('x') }))
    const { placement } = small.results[0]!
    const grown = await say(device, change(placement, { body: text('y'.repeat(3000)) }))
    assert.equal(grown.results[0]?.outcome, 'no_room')
    const { usedBytes, messages } = await client.getUsage(who, as)
    assert.ok(usedBytes < 1000 && messages === 1)
  })

  test('one more than the account may send in an hour stays, to be sent later', async (t) => {
    const { device } = await bounded(t, 0, { recipientsPerHour: 1 })
    const to = { to: 'a@x.example' }
    assert.equal((await say(device, add('c1', to, true))).results[0]?.outcome, 'ok')
    assert.equal((await say(device, add('c2', to, true))).results[0]?.outcome, 'later')
    // A repeat of what was sent is no more of it.
    assert.equal((await say(device, add('c1', to, true))).results[0]?.outcome, 'ok')
  })

  test('what an edit takes is what the draft is longer', async (t) => {
    const { client, device, who, as } = await bounded(t, 0)
    const { results } = await say(device, add('c', { body: text('x') }))
    const before = (await client.getUsage(who, as)).usedBytes
    await say(device, change(results[0]!.placement, { body: text('x'.repeat(101)) }))
    const after = (await client.getUsage(who, as)).usedBytes
    assert.ok(after > before && after < before + 400)
  })

  test('its words are found as they are now', async (t) => {
    const { client, device, who, as } = await bounded(t, 0)
    const { results } = await say(device, add('c', { subject: 'aardvark' }))
    const found = async (query: string) =>
      (await client.searchMessages({ ...who, query, limit: 5 }, as)).total
    await waitUntil(async () => (await found('aardvark')) === 1)
    await say(device, change(results[0]!.placement, { subject: 'buffalo' }))
    await waitUntil(async () => (await found('buffalo')) === 1)
    assert.equal(await found('aardvark'), 0)
  })
})
