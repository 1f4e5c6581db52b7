import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { AccountErased } from '@relais/proto/directory/v1/events.ts'
import { retryable, terminal } from '@relais/service-kit'
import { createFakeClock, waitUntil } from '@relais/testing'
import { SMTPServer } from 'smtp-server'
import type { SmarthostOptions } from '../src/outbound/smarthost.ts'
import { listRows } from '../src/queries/queue.ts'
import { type Running, type RunOptions, run } from './running.ts'

type Received = { readonly recipients: string[]; readonly text: string }

/** A real SMTP server that stands for the site's smarthost. `refuse` decides per recipient. */
const smarthost = async (
  t: TestContext,
  refuse: (recipient: string) => Error | undefined = () => undefined,
) => {
  const received: Received[] = []
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    closeTimeout: 50,
    onRcptTo: ({ address }, _session, done) => done(refuse(address)),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const recipients = session.envelope.rcptTo.map(({ address }) => address)
        received.push({ recipients, text: Buffer.concat(chunks).toString('latin1') })
        done()
      })
    },
  })
  const port = await new Promise<number>((resolve) => {
    const listening = server.listen(0, '127.0.0.1', () =>
      resolve((listening.address() as { port: number }).port),
    )
  })
  t.after(() => new Promise<void>((resolve) => server.close(resolve)))
  const options: SmarthostOptions = {
    host: '127.0.0.1',
    port,
    secure: false,
    requireTls: false,
    name: 'mx.acme.example',
  }
  return { received, options }
}

const reply = (responseCode: number, text: string) => Object.assign(new Error(text), { responseCode })

const MESSAGE =
  'From: anna@acme.example\r\nMessage-ID: <one@acme.example>\r\nSubject: out\r\n\r\n.dot\r\nhello\r\n'

const submit = async ({ mail }: Running, recipients: readonly string[], commandId = 'c1') => {
  async function* requests() {
    const header = {
      tenant: 'acme',
      account: 'anna',
      device: '',
      commandId,
      saveInSent: false,
      source: undefined,
      envelopeSender: 'anna@acme.example',
      envelopeRecipients: [...recipients],
    }
    yield { part: { $case: 'header' as const, value: header } }
    yield { part: { $case: 'chunk' as const, value: Buffer.from(MESSAGE) } }
  }
  return mail.submit(requests())
}

const waiting = ({ transport }: Running) =>
  listRows(transport.projector.store, { tenant: '', after: ['', 0, ''], limit: 100 })

const empty = (running: Running, position: number) =>
  waitUntil(
    async () => {
      const taken = await running.deps.log.head({ service: 'mail-transport' })
      if (taken <= position) return false
      await running.transport.projector.waitFor(taken, Date.now() + 60_000)
      return (await waiting(running)).length === 0
    },
    { what: 'an empty queue' },
  )

test('a message to an account here is in its mailbox, with its return path', async (t) => {
  const running = await run(t)
  const { position } = await submit(running, ['ben@acme.example'])
  await empty(running, position)
  assert.deepEqual(running.arrived, [
    { account: 'ben', sender: 'anna@acme.example', text: `Return-Path: <anna@acme.example>\r\n${MESSAGE}` },
  ])
})

test('a message for elsewhere leaves by the smarthost once, with its bytes and Message-ID', async (t) => {
  const { received, options } = await smarthost(t)
  const running = await run(t, { smarthost: options })
  const { position } = await submit(running, ['x@else.example', 'y@else.example'])
  await empty(running, position)
  assert.deepEqual(received, [{ recipients: ['x@else.example', 'y@else.example'], text: MESSAGE }])
})

test('recipients here, in another tenant and elsewhere each get it', async (t) => {
  const { received, options } = await smarthost(t)
  const running = await run(t, { smarthost: options })
  const { position } = await submit(running, ['ben@acme.example', 'bob@beta.example', 'x@else.example'])
  await empty(running, position)
  assert.deepEqual(running.arrived.map(({ account }) => account).sort(), ['ben', 'bob'])
  assert.equal(received.length, 1)
})

test('without a smarthost the sender is told at once that mail can not leave', async (t) => {
  const running = await run(t)
  const { position } = await submit(running, ['x@else.example'])
  await empty(running, position)
  const [bounce] = running.arrived
  assert.equal(bounce?.account, 'anna')
  assert.equal(bounce?.sender, '')
  assert.match(
    bounce?.text ?? '',
    /Final-Recipient: rfc822; x@else\.example\r\nAction: failed\r\nStatus: 5\.4\.4/,
  )
})

test('a recipient refused for good is bounced, and the others are delivered', async (t) => {
  const { received, options } = await smarthost(t, (address) =>
    address.startsWith('bad') ? reply(550, '5.1.1 no such user') : undefined,
  )
  const running = await run(t, { smarthost: options })
  const { position } = await submit(running, ['good@else.example', 'bad@else.example', 'nobody@acme.example'])
  await empty(running, position)
  assert.deepEqual(
    received.map(({ recipients }) => recipients),
    [['good@else.example']],
  )
  const [bounce, ...more] = running.arrived
  assert.deepEqual(more, [])
  assert.match(bounce?.text ?? '', /multipart\/report; report-type=delivery-status/)
  assert.match(bounce?.text ?? '', /bad@else\.example[\s\S]*nobody@acme\.example/)
  assert.match(bounce?.text ?? '', /text\/rfc822-headers[\s\S]*Message-ID: <one@acme\.example>/)
  assert.doesNotMatch(bounce?.text ?? '', /hello/)
})

const withClock = async (t: TestContext, options: RunOptions) => {
  const clock = createFakeClock(Date.now())
  const running = await run(t, { ...options, clock: clock.now })
  return { clock, running }
}

test('a smarthost that is away is tried again when its time comes', async (t) => {
  let away = true
  const { received, options } = await smarthost(t, () => (away ? reply(451, '4.3.0 not now') : undefined))
  const { clock, running } = await withClock(t, { smarthost: options })
  await submit(running, ['x@else.example'])
  const [row] = await waitUntil(async () => {
    const rows = await waiting(running)
    return rows[0]?.attempts === 1 ? rows : undefined
  })
  assert.match(row?.lastReply ?? '', /451 4\.3\.0 not now/)
  assert.ok((row?.nextAttemptAt ?? 0) >= clock.now() + 60_000)
  away = false
  clock.advance(70_000)
  const after = await running.restart()
  await waitUntil(() => received.length === 1)
  await waitUntil(async () => (await waiting(after)).length === 0)
})

test('after five days without success the sender is told', async (t) => {
  const { options } = await smarthost(t, () => reply(451, '4.3.0 not now'))
  const { clock, running } = await withClock(t, { smarthost: options })
  await submit(running, ['x@else.example'])
  await waitUntil(async () => (await waiting(running))[0]?.attempts === 1)
  clock.advance(6 * 24 * 3600_000)
  const after = await running.restart()
  await waitUntil(async () => (await waiting(after)).length === 0)
  assert.match(running.arrived[0]?.text ?? '', /Action: failed\r\nStatus: 5\.3\.0/)
})

test('a mailbox here that is full for now is tried again, and then has it once', async (t) => {
  const { clock, running } = await withClock(t, {})
  running.failing.set('ben', retryable('QUOTA_EXCEEDED', 'full'))
  await submit(running, ['ben@acme.example'])
  await waitUntil(async () => (await waiting(running))[0]?.attempts === 1)
  running.failing.delete('ben')
  clock.advance(70_000)
  const after = await running.restart()
  await waitUntil(async () => (await waiting(after)).length === 0)
  assert.equal(running.arrived.length, 1)
})

test('a mailbox here that refuses for good bounces', async (t) => {
  const running = await run(t)
  running.failing.set('ben', terminal('MESSAGE_TOO_LARGE', 'too large'))
  const { position } = await submit(running, ['ben@acme.example'])
  await empty(running, position)
  assert.deepEqual(
    running.arrived.map(({ account }) => account),
    ['anna'],
  )
})

test('of an account that was erased nothing is sent any more', async (t) => {
  const { clock, running } = await withClock(t, {})
  running.failing.set('ben', retryable('QUOTA_EXCEEDED', 'full'))
  await submit(running, ['ben@acme.example'])
  await waitUntil(async () => (await waiting(running))[0]?.attempts === 1)
  const erased = AccountErased.encode({ account: 'anna' }).finish()
  await running.deps.log.append({
    stream: { tenant: 'acme', account: '-', service: 'directory' },
    events: [{ type: 'AccountErased', version: 1, payload: erased }],
    commandId: 'erased',
    actor: { kind: 'service', id: 'directory', device: '' },
    principal: '',
    at: clock.now(),
  })
  await waitUntil(async () => (await waiting(running)).length === 0)
  clock.advance(70_000)
  const again = await running.restart()
  assert.deepEqual(await waiting(again), [])
  assert.deepEqual(running.arrived, [])
})

test('what was submitted while the queue stood still is taken over at the next start, once', async (t) => {
  const running = await run(t, { started: false })
  await submit(running, ['ben@acme.example'], 'c1')
  await submit(running, ['ben@acme.example'], 'c2')
  await submit(running, ['ben@acme.example'], 'c2')
  const again = await running.restart()
  await waitUntil(() => running.arrived.length === 2)
  const third = await again.restart()
  await waitUntil(async () => (await waiting(third)).length === 0)
  assert.equal(running.arrived.length, 2)
})
