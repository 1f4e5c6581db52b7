import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type Appended,
  type CommitFilter,
  ConflictError,
  type EventLog,
  type NewCommit,
} from '@relais/event-log'
import type { Projector, Reader } from '@relais/read-store'
import { terminal } from '@relais/service-kit/errors.ts'
import type { MailEvent } from '../events.ts'
import { type Command, MailStreams } from './streams.ts'

const renamed = (name: string): MailEvent => ({ type: 'MailboxRenamed', payload: { mailbox: 'm1', name } })
const seen: MailEvent = { type: 'MessagesMarkedSeen', payload: { placements: [1], seen: true } }

const command: Command = {
  ...{ tenant: 'acme', account: 'u_1', commandId: 'c1', syncKey: 'key' },
  call: {
    identity: { tenant: 'acme', actor: { kind: 'device', id: 'u_1', device: 'd1' }, principal: 'u_1' },
    ...{ deadline: 99, correlation: 'corr', traceparent: 'trace' },
  },
}

type Answer = Appended | Error

/** A log that answers as it is told, and a projector whose rows have whatever is waited for. */
const setUp = (...answers: readonly Answer[]) => {
  const commits: NewCommit[] = []
  const waited: number[] = []
  const rows = { head: 0, waits: true }
  let checkpoint = 0
  const left = [...answers]
  const log = {
    append: async (commit: NewCommit) => {
      commits.push(commit)
      const answer = left.shift() ?? { position: 100 + commits.length, repeated: false }
      if (answer instanceof Error) throw answer
      return answer
    },
    head: async ({ service }: CommitFilter) => (service === 'mail' ? rows.head : 0),
  } as unknown as EventLog
  const reader = { get: async () => ({ head: checkpoint }) } as unknown as Reader
  const projector = {
    checkpoint: () => checkpoint,
    waitFor: async (position: number) => {
      waited.push(position)
      if (rows.waits) checkpoint = Math.max(checkpoint, position)
    },
    store: {
      snapshot: async (read: (reader: Reader, at: number) => Promise<unknown>) => read(reader, checkpoint),
    },
  } as unknown as Projector
  return { streams: new MailStreams({ log, projector, clock: () => 1234 }), commits, waited, rows }
}

const decideOn = (events: readonly MailEvent[]) => ({ load: async () => 'state', decide: () => events })

describe('a commit', () => {
  test('says who asked for it, for whom, under which id, from which device, when, and which heads it moves', async () => {
    const { streams, commits } = setUp()
    await streams.execute(command, decideOn([renamed('x')]))
    const [{ events, ...commit } = {} as NewCommit] = commits
    assert.deepEqual(commit, {
      ...{ stream: { tenant: 'acme', account: 'u_1', service: 'mail' }, commandId: 'c1', principal: 'u_1' },
      ...{ actor: { kind: 'device', id: 'u_1', device: 'd1' }, correlation: 'corr', traceparent: 'trace' },
      ...{ at: 1234, collections: ['m1', 'mailboxes'], syncKey: 'key', causation: undefined, expected: 0 },
    })
    assert.deepEqual(
      events.map(({ type, version }) => [type, version]),
      [['MailboxRenamed', 1]],
    )
  })

  test('is not made where nothing changes', async () => {
    const { streams, commits } = setUp()
    const outcome = await streams.execute(command, decideOn([]))
    assert.deepEqual(outcome, { position: 0, repeated: false, events: [], state: 'state' })
    assert.equal(commits.length, 0)
  })

  test('is answered when its rows are there', async () => {
    const { streams, waited } = setUp({ position: 7, repeated: false })
    const { position } = await streams.execute(command, decideOn([renamed('x')]))
    assert.equal(position, 7)
    assert.equal(waited.at(-1), 7)
  })

  test('that was there before is said to be', async () => {
    const { streams } = setUp({ position: 3, repeated: true })
    const { position, repeated } = await streams.execute(command, decideOn([renamed('x')]))
    assert.deepEqual([position, repeated], [3, true])
  })
})

describe('rows that are behind the log', () => {
  /** Sees something to do only once the rows have so much. */
  const decideFrom = (position: number, otherwise: () => readonly MailEvent[] = () => []) => ({
    load: async (_: Reader, checkpoint: number) => checkpoint,
    decide: (checkpoint: number) => (checkpoint >= position ? [renamed('x')] : otherwise()),
  })

  for (const way of ['execute', 'commute'] as const) {
    test(`are no reason to find nothing to do (${way})`, async () => {
      const { streams, commits, rows } = setUp()
      rows.head = 6
      await streams[way](command, decideFrom(6))
      assert.equal(commits.length, 1)
    })

    test(`are no reason to refuse (${way})`, async () => {
      const { streams, commits, rows } = setUp()
      rows.head = 6
      const refuse = () => {
        throw terminal('MAILBOX_NOT_FOUND', 'its row is still to come')
      }
      await streams[way](command, decideFrom(6, refuse))
      assert.equal(commits.length, 1)
    })

    test(`are what the rows themselves say they are, whatever is remembered of them: the caller comes again (${way})`, async () => {
      const { streams, commits, rows } = setUp()
      Object.assign(rows, { head: 6, waits: false })
      await assert.rejects(streams[way](command, decideFrom(6)), { code: 'CONFLICT', retryable: true })
      assert.equal(commits.length, 0)
    })

    test(`that have all are asked once (${way})`, async () => {
      const { streams, waited } = setUp()
      let asked = 0
      const decision = { load: async () => void asked++, decide: () => [] }
      await streams[way](command, decision)
      assert.equal(asked, 1)
      assert.ok(waited.every((position) => position === 0))
    })
  }

  test('still refuse what they refuse when they have all', async () => {
    const { streams, rows } = setUp()
    rows.head = 6
    const refuse = () => {
      throw terminal('MAILBOX_NOT_FOUND', 'it is not there')
    }
    await assert.rejects(streams.execute(command, decideFrom(7, refuse)), { code: 'MAILBOX_NOT_FOUND' })
  })

  test('are found out by the log where something is to be done: it is not asked first', async () => {
    const { streams, commits, waited, rows } = setUp(new ConflictError(6))
    rows.head = 6
    await streams.execute(command, decideOn([renamed('x')]))
    assert.deepEqual(
      commits.map(({ expected }) => expected),
      [0, 6],
    )
    assert.equal(waited[0], 0)
  })
})

describe('a conflict', () => {
  test('is caught up with and decided again', async () => {
    const { streams, commits, waited } = setUp(new ConflictError(5), new ConflictError(6), {
      position: 9,
      repeated: false,
    })
    let decisions = 0
    const decision = { load: async () => null, decide: () => [renamed(`${++decisions}`)] }
    assert.equal((await streams.execute(command, decision)).position, 9)
    assert.deepEqual(
      commits.map(({ expected }) => expected),
      [0, 5, 6],
    )
    assert.equal(decisions, 3)
    assert.ok(waited.includes(5) && waited.includes(6))
  })

  test('five times in a row is too much for now', async () => {
    const { streams, commits } = setUp(...Array.from({ length: 6 }, (_, n) => new ConflictError(n + 1)))
    await assert.rejects(streams.execute(command, decideOn([renamed('x')])), {
      code: 'CONFLICT',
      retryable: true,
    })
    assert.equal(commits.length, 5)
  })

  test('any other error ends it at once', async () => {
    const { streams, commits } = setUp(new Error('disk'))
    await assert.rejects(streams.execute(command, decideOn([renamed('x')])), /disk/)
    assert.equal(commits.length, 1)
  })
})

describe('what commutes', () => {
  test('expects nothing; a delivery does not even wait for its rows', async () => {
    const { streams, commits, waited } = setUp({ position: 7, repeated: false })
    await streams.append(command, [renamed('x')])
    assert.equal(commits[0]!.expected, undefined)
    assert.deepEqual(waited, [])
  })

  test('a change of marks moves the heads of the mailboxes it is said to be in, and waits for its rows', async () => {
    const { streams, commits, waited } = setUp({ position: 7, repeated: false })
    await streams.commute(command, { ...decideOn([seen]), mailboxes: () => ['inbox'] })
    assert.deepEqual([commits[0]!.expected, commits[0]!.collections], [undefined, ['inbox']])
    assert.equal(waited.at(-1), 7)
  })
})

describe('what this process has appended', () => {
  test('is in the rows before the next decision', async () => {
    const { streams, waited } = setUp({ position: 7, repeated: false }, { position: 8, repeated: false })
    await streams.append(command, [renamed('x')])
    await streams.execute(command, decideOn([renamed('y')]))
    assert.equal(waited[0], 7)
  })

  test('is waited for by who wants to read it, until it is forgotten', async () => {
    const { streams, waited } = setUp({ position: 7, repeated: false })
    await streams.append(command, [renamed('x')])
    await streams.settled(command, 99)
    assert.deepEqual(waited, [7])
    streams.forget(7)
    await streams.settled(command, 99)
    await streams.settled({ tenant: 'acme', account: 'u_2' }, 99)
    assert.deepEqual(waited, [7])
  })
})
