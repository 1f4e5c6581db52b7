import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { SyncCollectionResponse } from '@relais/proto/mail/v1/mail.ts'
import type { TestScope } from '@relais/testing'
import { importMessages } from '../calls.ts'
import { asOwner, type Harness, startMail, TENANT } from '../harness.ts'
import { fetchMessage, markSeen } from './device.ts'
import { servedAccount } from './serve.ts'

const MB = 1024 * 1024
/** As much as a call may bring of messages without bodies, and what names and keys take beside. */
const ROOM = 25 * MB
const COUNT = 130

/** As long as a header that is kept: 1,000 people with long names. */
const LONG_LIST = Array.from(
  { length: 1000 },
  (_, n) => `"${'a name that is long '.repeat(10)}${n}" <p${n}@else.example>`,
).join(',\r\n ')

const letter = (n: number) =>
  `From: a@else.example\r\nTo: ${LONG_LIST}\r\nSubject: ${n}\r\nMessage-ID: <${n}@x>\r\n\r\nHello\r\n`

const sizeOf = (response: SyncCollectionResponse) => SyncCollectionResponse.encode(response).finish().length

describe('messages to very many people, more than a call may carry', () => {
  const closing: (() => void | Promise<void>)[] = []
  let harness: Harness
  let served: ReturnType<typeof servedAccount>
  before(async () => {
    const scope: TestScope = { after: (close) => closing.push(close) }
    harness = await startMail(scope)
    served = servedAccount(harness, 'u_many')
    const header = { tenant: TENANT, account: 'u_many' }
    const letters = Array.from({ length: COUNT }, (_, n) => ({
      message: letter(n),
      header: { ...header, receivedAt: Date.now() - (COUNT - n) * 1000 },
    }))
    for (let n = 0; n < COUNT; n += 20)
      await importMessages(harness.client, letters.slice(n, n + 20), asOwner('u_many'))
  })
  after(async () => {
    for (const close of closing) await close()
  })

  test('come in as many answers as they need, none twice and the newest first, whatever window was asked for', async () => {
    const { device } = served
    await device.sync()
    const subjects: number[] = []
    let answers = 0
    for (let more = true; more; answers += 1) {
      const response = await device.sync({ window: 512 })
      assert.equal(response.outcome, 'ok')
      assert.ok(sizeOf(response) <= ROOM, `${sizeOf(response)}`)
      subjects.push(...response.operations.map(({ message }) => Number(message!.envelope!.subject)))
      more = response.moreAvailable
    }
    assert.deepEqual(
      subjects,
      Array.from({ length: COUNT }, (_, n) => COUNT - 1 - n),
    )
    assert.ok(answers > 1, 'they are too long for one')
  })

  test('are counted again where there is no room for them, and what the phone did is done once', async () => {
    const device = served.deviceOf('d2')
    await device.sync()
    await device.sync({ window: 1 })
    const mail = { tenant: TENANT, account: 'u_many', service: 'mail' }
    const before = await served.log.head(mail)
    const { results, operations, moreAvailable } = await device.sync({
      window: 512,
      commands: [markSeen(device.ids()[0]!, true)],
    })
    assert.deepEqual(
      results.map(({ outcome }) => outcome),
      ['ok'],
    )
    assert.ok(moreAvailable && operations.length > 1)
    let commits = 0
    for await (const batch of served.log.read(mail, before)) commits += batch.length
    assert.equal(commits, 1)
  })

  test('that are fetched come as far as there is room; the phone is to ask for the others later', async () => {
    const { device } = served
    const first = await device.sync({ commands: device.ids().map((placement) => fetchMessage(placement)) })
    const outcomes = first.results.map(({ outcome }) => outcome)
    const now = outcomes.filter((outcome) => outcome === 'ok').length
    assert.ok(now > 1 && now < COUNT)
    assert.equal(outcomes.filter((outcome) => outcome === 'later').length, COUNT - now)
    assert.ok(sizeOf(first) <= ROOM, `${sizeOf(first)}`)
  })
})
