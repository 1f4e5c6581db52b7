import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import type { CommitFilter, EventLog } from '@relais/event-log'
import { MailDefinition } from '@relais/proto/mail/v1/mail.ts'
import { openSqliteProjector, openSqliteStore } from '@relais/read-store'
import { createLocalClient, createLogger } from '@relais/service-kit'
import { createMail } from '../../src/service.ts'
import { importMessages, plain } from '../calls.ts'
import { asOwner, type Harness, MIKE, startMail, TENANT } from '../harness.ts'
import { TestDevice } from './device.ts'

/** A log whose followers stand still from `hold` to `goOn`; all else is as it is. */
const heldBack = (log: EventLog) => {
  let gate = Promise.withResolvers<void>()
  gate.resolve()
  const follow: EventLog['follow'] = async function* (filter: CommitFilter, after, options) {
    for await (const batch of log.follow(filter, after, options)) {
      await gate.promise
      yield batch
    }
  }
  const hold = () => {
    gate = Promise.withResolvers()
  }
  const methods = {
    append: log.append.bind(log),
    read: log.read.bind(log),
    head: log.head.bind(log),
    notices: log.notices.bind(log),
    purge: log.purge.bind(log),
    close: async () => {},
  }
  return { log: { ...methods, follow }, hold, goOn: () => gate.resolve() }
}

/** A process of mail beside the first, with rows of its own that lag behind. */
const behind = async (t: TestContext, { log, blobs, folder, directory }: Harness) => {
  const { log: slow, hold, goOn } = heldBack(log)
  const rows = join(folder, 'rows-behind')
  let ids = 0
  const mail = createMail({
    ...{ log: slow, blobs, directory: directory.client, clock: Date.now, ids: () => `behind-${ids++}` },
    openProjector: (model) => openSqliteProjector({ log: slow, model, folder: rows }),
    openStore: ({ name, ...store }) => openSqliteStore({ ...store, file: join(rows, `${name}.sqlite`) }),
    logger: createLogger({ name: 'behind', level: 'silent' }),
  })
  await mail.start()
  t.after(async () => {
    goOn()
    await mail.stop()
  })
  hold()
  return { client: createLocalClient(MailDefinition, mail.handlers, { identity: asOwner() }), goOn }
}

const mike = { tenant: TENANT, account: MIKE }

const setUp = async (t: TestContext) => {
  let stopFirst = async () => {}
  const ends: (() => unknown)[] = []
  t.after(async () => {
    for (const end of ends) await end()
    await stopFirst()
  })
  const first = await startMail({
    after: (end) => {
      const before = stopFirst
      stopFirst = async () => {
        await before()
        await end()
      }
    },
  })
  const scope = { after: (end: () => unknown) => void ends.push(end) } as TestContext
  await first.client.listMailboxes(mike)
  return { first, second: () => behind(scope, first) }
}

describe('rows that lag behind', () => {
  test('refuse no key: the request waits for them, and is answered', async (t) => {
    const { first, second } = await setUp(t)
    const { client, goOn } = await second()
    await importMessages(first.client, [{ message: plain('one') }, { message: plain('two') }])
    const phone = new TestDevice(first.client, { account: MIKE, name: 'd1' })
    await phone.sync()
    await phone.sync()
    assert.equal(phone.ids().length, 2)
    const elsewhere = client.syncMessages(
      { ...mike, device: 'd1', window: 512, now: Date.now(), collections: [phone.compose({})] },
      { identity: phone.identity },
    )
    goOn()
    const [answer] = (await elsewhere).collections
    assert.deepEqual([answer?.outcome, answer?.quiet], ['ok', true])
  })

  test('send nobody to FolderSync: a mailbox that they don’t have yet is waited for, at its first Sync and later', async (t) => {
    const { first, second } = await setUp(t)
    const { client, goOn } = await second()
    const { mailbox } = await first.client.createMailbox({ ...mike, name: 'New' })
    const phone = new TestDevice(first.client, { account: MIKE, name: 'd1' })
    const firstAsk = phone.compose({ mailbox })
    const ask = { ...mike, device: 'd1', window: 512, now: Date.now() }
    const elsewhere = client.syncMessages({ ...ask, collections: [firstAsk] }, { identity: phone.identity })
    await phone.sync({ mailbox })
    const later = client.syncMessages(
      { ...ask, collections: [phone.compose({ mailbox })] },
      { identity: phone.identity },
    )
    goOn()
    const outcomes = [await elsewhere, await later].map(({ collections }) => collections[0]?.outcome)
    assert.deepEqual(outcomes, ['ok', 'ok'])
  })

  test('that don’t come in time are told as what passes, not as a key that is wrong', async (t) => {
    const { first, second } = await setUp(t)
    const { client, goOn } = await second()
    await importMessages(first.client, [{ message: plain('one') }])
    const phone = new TestDevice(first.client, { account: MIKE, name: 'd1' })
    await phone.sync()
    await phone.sync()
    const late = client.syncMessages(
      { ...mike, device: 'd1', window: 512, now: Date.now(), collections: [phone.compose({})] },
      { identity: phone.identity, timeoutMs: 200 },
    )
    await assert.rejects(late, { code: 'DEADLINE_EXCEEDED', retryable: true })
    goOn()
  })
})
