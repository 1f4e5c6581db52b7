import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type MailClient, MailDefinition } from '@relais/proto/mail/v1/mail.ts'
import type { CallExtras } from '@relais/service-kit/call.ts'
import { forBothTransports } from '@relais/testing'
import { deliver, plain } from './calls.ts'
import { fetchMessage, kinds, markSeen, remove, TestDevice } from './device.ts'
import { asOwner, type Harness, MIKE, startMail, TENANT } from './harness.ts'

test('smoke', async (t) => {
  const harness = await startMail(t)
  const d = new TestDevice(harness.client)
  await deliver(harness.client, plain('one'))
  await deliver(harness.client, plain('two'))
  const first = await d.sync()
  console.log(first.outcome, first.reason, kinds(first))
  const second = await d.sync()
  console.log(kinds(second), second.moreAvailable, second.cursor)
  const [a, b] = d.ids()
  const third = await d.sync({ commands: [markSeen(a!, true), fetchMessage(b!)] })
  console.log(kinds(third), third.results, third.quiet)
  console.log((await d.sync()).quiet)
  await deliver(harness.client, plain('three'))
  console.log(kinds(await d.sync()))
  console.log(kinds(await d.sync({ commands: [remove(b!)], deletesAsMoves: true })))
  await d.syncAll({ mailbox: 'trash' })
  console.log(d.ids('trash'), d.ids())
})
