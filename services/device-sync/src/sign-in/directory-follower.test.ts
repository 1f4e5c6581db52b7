import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { EventLog, FollowBatch, StoredCommit } from '@relais/event-log'
import type { DirectoryClient } from '@relais/proto/directory/v1/directory.ts'
import { type CallExtras, createLogger } from '@relais/service-kit'
import { createFakeClock, waitUntil } from '@relais/testing'
import { HeldRequests } from '../held/held-requests.ts'
import { AccountSettings } from './account-settings.ts'
import { DirectoryFollower } from './directory-follower.ts'
import { RememberedCredentials } from './remembered-credentials.ts'
import { SignIn } from './sign-in.ts'
import type { SignedIn } from './signed-in.ts'

const user: SignedIn = {
  tenant: 'acme',
  account: 'u1',
  address: 'mike@example.org',
  aliases: [],
  displayName: '',
  locale: 'en',
  timeZone: 'UTC',
  epoch: 1,
  appPassword: '',
  expiresAt: Number.POSITIVE_INFINITY,
}

const commit = (position: number, type: string): StoredCommit => ({
  position,
  stream: { tenant: 'acme', account: 'u1', service: 'directory' },
  events: [{ type, version: 1, payload: new Uint8Array() }],
  commandId: `c${position}`,
  actor: { kind: 'operator', id: 'x', device: '' },
  principal: '',
  expected: undefined,
  causation: 0,
  correlation: '',
  traceparent: '',
  at: 0,
  collections: [],
  syncKey: '',
})

/** A log that gives what a test says, when it says it. */
const createLog = () => {
  const follows: { after: number; give(batch: FollowBatch): void; fail(error: Error): void }[] = []
  const log = {
    head: async () => 10,
    follow: (_filter: object, after: number, { signal }: { signal: AbortSignal }) => {
      const steps: (FollowBatch | Error)[] = []
      let wake: () => void = () => undefined
      signal.addEventListener('abort', () => wake())
      const add = (step: FollowBatch | Error) => {
        steps.push(step)
        wake()
      }
      follows.push({ after, give: add, fail: add })
      return (async function* () {
        while (!signal.aborted) {
          const step = steps.shift()
          if (step instanceof Error) throw step
          if (step) yield step
          else await new Promise<void>((resolve) => (wake = resolve))
        }
      })()
    },
  } as unknown as EventLog
  return { log, follows }
}

const setUp = async (t: { after(fn: () => Promise<void>): void }) => {
  const { log, follows } = createLog()
  const directoryCalls: object[] = []
  let directoryFails = false
  const directory = {
    getAccounts: async (request: object) => {
      directoryCalls.push(request)
      if (directoryFails) throw new Error('behind')
      return { accounts: [] }
    },
    getSettings: async () => ({ settings: [] }),
  } as unknown as DirectoryClient<CallExtras>
  const remembered = new RememberedCredentials({ clock: createFakeClock().now })
  const signIn = new SignIn({ directory, remembered })
  const settings = new AccountSettings(directory, () => 0)
  const held = new HeldRequests()
  const logged: string[] = []
  const logger = createLogger({ name: 'test', destination: { write: (line) => logged.push(line) } })
  const follower = new DirectoryFollower({ log, directory, remembered, signIn, settings, held, logger })
  await follower.start()
  t.after(() => follower.stop())
  await waitUntil(() => follows.length === 1)
  const remember = () => remembered.remember(remembered.hash('h'), user)
  const known = () => remembered.get(remembered.hash('h')) !== undefined
  const failDirectory = () => {
    directoryFails = true
  }
  return { follows, directoryCalls, remember, known, held, logged, failDirectory, follower }
}

describe('following the directory', () => {
  test('begins at the head that the log had at the start', async (t) => {
    const { follows } = await setUp(t)
    assert.equal(follows[0]?.after, 10)
  })
  test('forgets at once, waits for the directory’s rows, and forgets again what was learnt meanwhile', async (t) => {
    const { follows, remember, known, directoryCalls } = await setUp(t)
    remember()
    follows[0]!.give({ commits: [commit(11, 'PasswordSet')], caughtUp: true })
    await waitUntil(() => directoryCalls.length === 1)
    assert.deepEqual(directoryCalls, [{ tenant: 'acme', accounts: [], minPosition: 11 }])
    await waitUntil(() => !known())
  })
  test('asks nothing for events that concern no phone', async (t) => {
    const { follows, remember, known, directoryCalls } = await setUp(t)
    remember()
    follows[0]!.give({
      commits: [commit(11, 'NameClaimed'), commit(12, 'AppPasswordCreated')],
      caughtUp: true,
    })
    follows[0]!.give({ commits: [commit(13, 'AliasAdded')], caughtUp: true })
    await waitUntil(() => directoryCalls.length === 1)
    await waitUntil(() => !known())
  })
  test('rechecks held requests although the directory stays behind', async (t) => {
    const { follows, held, failDirectory, logged } = await setUp(t)
    failDirectory()
    let rechecked = 0
    held.add({
      device: { tenant: 'acme', account: 'u1', device: 'd1' },
      end: () => undefined,
      recheck: async () => {
        rechecked += 1
      },
    })
    follows[0]!.give({ commits: [commit(11, 'PasswordSet')], caughtUp: true })
    await waitUntil(() => rechecked === 1)
    assert.match(logged.join(), /behind its log/)
  })
  test('that breaks off forgets everything, remembers nothing, and goes on where it was', async (t) => {
    const { follows, remember, known, logged } = await setUp(t)
    remember()
    follows[0]!.give({ commits: [commit(11, 'NameClaimed')], caughtUp: true })
    follows[0]!.fail(new Error('disk'))
    await waitUntil(() => !known())
    assert.match(logged.join(), /can't be followed/)
    await waitUntil(() => follows.length === 2)
    assert.equal(follows[1]?.after, 11)
  })
  test('stops when it is told to', async (t) => {
    const { follower, follows } = await setUp(t)
    await follower.stop()
    assert.equal(follows.length, 1)
  })
})
