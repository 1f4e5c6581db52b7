import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { commitOf, storedAs } from '../contract/commits.ts'
import { ConflictError, LogUnavailableError, type NewCommit, type StoredCommit } from '../port.ts'
import { type AppendCall, checkHistory, type Outcome } from './check-history.ts'
import { Recorder } from './recorder.ts'

type Made = { readonly commit: NewCommit; readonly position: number }

const made = (position: number, given: Parameters<typeof commitOf>[0] = {}): Made => ({
  commit: commitOf({ commandId: `c${position}`, ...given }),
  position,
})

const stored = ({ commit, position }: Made): StoredCommit => storedAs(commit, position)

const call = ({ commit, position }: Made, more: Partial<AppendCall> = {}): AppendCall => ({
  stream: commit.stream,
  commandId: commit.commandId,
  expected: commit.expected,
  began: position * 10,
  ended: position * 10 + 5,
  outcome: { kind: 'known', position, repeated: false },
  ...more,
})

const unknown: Outcome = { kind: 'unknown' }

const three = [made(1, { expected: 0 }), made(4, { expected: 1 }), made(9)]

test('a log that has what was acknowledged, once and in order, keeps its word', () => {
  const log = three.map(stored)
  const followers = [
    { after: 0, commits: log },
    { after: 1, commits: log.slice(1, 2) },
    { after: 9, commits: [] },
  ]
  assert.deepEqual(checkHistory({ appends: three.map((one) => call(one)), logs: [log, log], followers }), [])
  assert.deepEqual(checkHistory({ appends: [], logs: [] }), [])
})

test('an append whose outcome is unknown may be there or not', () => {
  const appends = three.map((one) => call(one, { outcome: unknown }))
  for (const log of [three, three.slice(0, 2), []])
    assert.deepEqual(checkHistory({ appends, logs: [log.map(stored)] }), [])
})

test('the same command again, after an unknown outcome, is the same commit', () => {
  const [first] = three
  const again = call(first!, {
    began: 100,
    ended: 105,
    outcome: { kind: 'known', position: 1, repeated: true },
  })
  const appends = [call(first!, { outcome: unknown }), again]
  assert.deepEqual(checkHistory({ appends, logs: [[stored(first!)]] }), [])
})

const finds = (history: Parameters<typeof checkHistory>[0], fault: RegExp) => {
  const faults = checkHistory(history)
  assert.ok(
    faults.some((told) => fault.test(told)),
    faults.join('\n') || 'nothing was found',
  )
}

const appends = three.map((one) => call(one))
const log = three.map(stored)

test('what was acknowledged and is not there is found', () => {
  finds({ appends, logs: [log.slice(0, 2)] }, /c9 was acknowledged at 9: nothing is there/)
  finds(
    { appends, logs: [[log[0]!, { ...log[1]!, commandId: 'x' }, log[2]!]] },
    /c4 was acknowledged at 4: .* x is there/,
  )
})

test('what is there twice is found', () => {
  finds({ appends, logs: [[...log, { ...log[0]!, position: 10 }]] }, /c1 is at 1 and at 10/)
})

test('what is there though nobody appended it, or though it was refused, is found', () => {
  finds({ appends: appends.slice(1), logs: [log] }, /c1 is there, and nobody appended it/)
  const refused = call(three[2]!, { expected: 7, outcome: { kind: 'refused', head: 4 } })
  finds({ appends: [...appends.slice(0, 2), refused], logs: [log] }, /c9 was refused and is there/)
})

test('positions that go back are found', () => {
  finds({ appends, logs: [[log[1]!, log[0]!, log[2]!]] }, /position 1 comes after 4/)
})

test('a commit that does not follow the one it expected is found: one was lost between', () => {
  finds({ appends, logs: [[log[1]!]] }, /the commit at 4 expected 1, its stream was at 0/)
})

test('an append that came before one that had ended before it began is found', () => {
  const late = [call(three[0]!, { began: 500, ended: 505 }), call(three[1]!), call(three[2]!)]
  finds({ appends: late, logs: [log] }, /c1 got 1, and 9 was acknowledged before it began/)
})

test('appends at the same time may come in any order', () => {
  const together = three.map((one) => call(one, { began: 0, ended: 1000 }))
  assert.deepEqual(checkHistory({ appends: together, logs: [log] }), [])
})

test('a conflict that names no head of the stream, or what was expected, is found', () => {
  const refused = (head: number, expected: number | undefined) =>
    call(made(20), { expected, outcome: { kind: 'refused', head } })
  finds({ appends: [...appends, refused(5, 1)], logs: [log] }, /for a head 5 that its stream never had/)
  finds({ appends: [...appends, refused(4, 4)], logs: [log] }, /what it expected was so/)
  finds({ appends: [...appends, refused(4, undefined)], logs: [log] }, /what it expected was so/)
  assert.deepEqual(checkHistory({ appends: [...appends, refused(4, 1), refused(0, 3)], logs: [log] }), [])
})

test('copies that differ are found, wherever', () => {
  finds({ appends, logs: [log, log.slice(0, 2)] }, /copy 2 has nothing where the first has .* c9 at 9/)
  finds(
    { appends: appends.slice(0, 2), logs: [log.slice(0, 2), log] },
    /copy 2 has .* c9 at 9, and the first ends/,
  )
  finds({ appends, logs: [log, log, [log[0]!, log[2]!]] }, /copy 3 has/)
})

test('a follower that was told too little, twice or in another order is found', () => {
  const told = (commits: StoredCommit[], after = 0) => ({
    appends,
    logs: [log],
    followers: [{ after, commits }],
  })
  finds(told([log[0]!, log[2]!]), /follower 1 has .* c9 at 9 where the first has .* c4/)
  finds(told([log[0]!, log[0]!]), /follower 1/)
  finds(told([log[1]!, log[0]!]), /follower 1/)
  finds(told([log[0]!], 1), /follower 1/)
  finds(told([...log, log[2]!]), /follower 1/)
})

test('many faults are told up to a number', () => {
  const many = Array.from({ length: 100 }, (_, at) => call(made(at + 1)))
  const faults = checkHistory({ appends: many, logs: [[]] })
  assert.equal(faults.length, 21)
  assert.equal(faults.at(-1), 'and 80 more')
})

test('any run of a log that is right is right, and any commit taken out of it is missed', () => {
  const runs = fc.array(
    fc.record({
      account: fc.constantFrom('a', 'b'),
      expects: fc.boolean(),
      gap: fc.integer({ min: 1, max: 3 }),
    }),
    {
      minLength: 1,
      maxLength: 30,
    },
  )
  fc.assert(
    fc.property(runs, fc.nat(), (steps, lost) => {
      const heads = new Map<string, number>()
      let position = 0
      const run = steps.map(({ account, expects, gap }) => {
        position += gap
        const expected = expects ? (heads.get(account) ?? 0) : undefined
        heads.set(account, position)
        return made(position, { account, ...(expected !== undefined && { expected }) })
      })
      const calls = run.map((one) => call(one))
      const whole = run.map(stored)
      assert.deepEqual(checkHistory({ appends: calls, logs: [whole] }), [])
      const without = whole.toSpliced(lost % whole.length, 1)
      assert.notDeepEqual(checkHistory({ appends: calls, logs: [without] }), [])
    }),
  )
})

test('a recorder keeps what the caller of an append learned', async () => {
  let time = 0
  const recorder = new Recorder(() => time++)
  const answers: (() => Promise<{ position: number; repeated: boolean }>)[] = [
    async () => ({ position: 7, repeated: false }),
    () => Promise.reject(new ConflictError(3)),
    () => Promise.reject(new LogUnavailableError('gone')),
    () => Promise.reject(new TypeError('a mistake')),
  ]
  const target = { append: () => answers.shift()!() }
  await recorder.append(target, commitOf({ commandId: 'a' }))
  await recorder.append(target, commitOf({ commandId: 'b', expected: 5 }))
  await recorder.append(target, commitOf({ commandId: 'c' }))
  await assert.rejects(recorder.append(target, commitOf()), TypeError)
  assert.deepEqual(
    recorder.calls.map(({ commandId, began, ended, outcome }) => ({ commandId, began, ended, outcome })),
    [
      { commandId: 'a', began: 0, ended: 1, outcome: { kind: 'known', position: 7, repeated: false } },
      { commandId: 'b', began: 2, ended: 3, outcome: { kind: 'refused', head: 3 } },
      { commandId: 'c', began: 4, ended: 5, outcome: { kind: 'unknown' } },
    ],
  )
  assert.deepEqual([recorder.count('known'), recorder.count('refused'), recorder.count('unknown')], [1, 1, 1])
})
