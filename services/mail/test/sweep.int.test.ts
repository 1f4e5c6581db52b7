import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deliver, importMessages, plain, submit } from './calls.ts'
import { MIKE, startMail, TENANT } from './harness.ts'

const mike = { tenant: TENANT, account: MIKE }
const DAY_MS = 24 * 3600 * 1000

test('blobs of messages stay, those of messages deleted for good go', async (t) => {
  const suite = await startMail(t)
  await importMessages(
    suite.client,
    ['keep', 'drop'].map((subject) => ({ message: plain(subject) })),
  )
  const { messages } = await suite.client.listMessages({ ...mike, mailbox: 'inbox' })
  const [keep, drop] = ['keep', 'drop'].map(
    (subject) => messages.find(({ envelope }) => envelope?.subject === subject)!,
  )
  await suite.client.deleteMessages({ ...mike, placements: [drop!.placement] })
  assert.equal(await suite.mail.sweep(TENANT), 0, 'what is young may be on its way')
  await suite.ageBlobs()
  assert.equal(await suite.mail.sweep(TENANT), 1)
  assert.ok(await suite.blobs.stat(TENANT, keep!.blob))
  assert.equal(await suite.blobs.stat(TENANT, drop!.blob), undefined)
})

test('what was deleted and came again is kept', async (t) => {
  const suite = await startMail(t)
  const message = plain('again')
  await importMessages(suite.client, [{ message }])
  await suite.client.emptyMailbox({ ...mike, mailbox: 'inbox' })
  await suite.ageBlobs()
  const [result] = await deliver(suite.client, message)
  assert.equal(await suite.mail.sweep(TENANT), 0)
  const { messages } = await suite.client.listMessages({
    ...mike,
    mailbox: 'inbox',
    minPosition: result!.position,
  })
  assert.ok(await suite.blobs.stat(TENANT, messages[0]!.blob))
})

test('what was submitted is kept for two weeks, also where the sender kept no copy', async (t) => {
  let now = Date.now()
  const suite = await startMail(t, { clock: () => now })
  await submit(suite.client, 'From: mike@ox.io\nTo: a@x.example\n\nx', { saveInSent: false })
  await suite.ageBlobs()
  now += 13 * DAY_MS
  assert.equal(await suite.mail.sweep(TENANT), 0)
  now += 2 * DAY_MS
  assert.equal(await suite.mail.sweep(TENANT), 1)
})

test('a delivery that every recipient refused leaves nothing after the next sweep', async (t) => {
  const suite = await startMail(t)
  const [result] = await deliver(suite.client, plain('nobody'), { to: ['u_none'] })
  assert.equal(result!.code, 'ACCOUNT_NOT_FOUND')
  await suite.ageBlobs()
  assert.equal(await suite.mail.sweep(TENANT), 1)
})

test('another tenant keeps its blob of the same content', async (t) => {
  const suite = await startMail(t)
  const { id } = await suite.blobs.put('other', Buffer.from('same'))
  await suite.blobs.put(TENANT, Buffer.from('same'))
  await suite.ageBlobs()
  assert.equal(await suite.mail.sweep(TENANT), 1)
  assert.ok(await suite.blobs.stat('other', id))
})
