import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Attempt, type Found, type History, problemsOf } from './history.ts'

const found = (position: number, commandId: string, more: Partial<Found> = {}): Found => ({
  position,
  stream: 's',
  commandId,
  expected: undefined,
  ...more,
})

const known = (position: number, commandId: string, more: Partial<Attempt> = {}): Attempt => ({
  stream: 's',
  commandId,
  began: position * 10,
  ended: position * 10 + 5,
  outcome: { kind: 'known', position, repeated: false },
  ...more,
})

const unknown = (commandId: string): Attempt => known(1, commandId, { outcome: { kind: 'unknown' } })
const refused = (commandId: string): Attempt => known(1, commandId, { outcome: { kind: 'refused' } })

const judged = (attempts: Attempt[], commits: Found[], more: Partial<History> = {}) =>
  problemsOf({ attempts, replicas: [{ name: 'one', commits }], ...more })

test('a log that has what was acknowledged, in that order, has no problem', () => {
  assert.deepEqual(judged([known(1, 'a'), known(2, 'b')], [found(1, 'a'), found(2, 'b')]), [])
})

test('an acknowledged commit that is missing is found', () => {
  assert.deepEqual(judged([known(1, 'a')], []), ['s a was acknowledged at 1, but is missing'])
})

test('an acknowledged commit that is at another position is found', () => {
  assert.deepEqual(judged([known(1, 'a')], [found(2, 'a')]), ['s a was acknowledged at 1, but is at 2'])
})

test('an unknown append may be there or not', () => {
  assert.deepEqual(judged([unknown('a')], []), [])
  assert.deepEqual(judged([unknown('a')], [found(1, 'a')]), [])
})

test('a command that is there twice is found, also if nobody was told of it', () => {
  assert.deepEqual(judged([unknown('a')], [found(1, 'a'), found(3, 'a')]), ['s a is there twice, at 3 again'])
})

test('the same command id in another stream is another command', () => {
  const attempts = [known(1, 'a'), known(2, 'a', { stream: 'z' })]
  assert.deepEqual(judged(attempts, [found(1, 'a'), found(2, 'a', { stream: 'z' })]), [])
})

test('a refused append that is there all the same is found', () => {
  assert.deepEqual(judged([refused('a')], [found(1, 'a')]), ['s a was refused, but is at 1'])
})

test('a command that was refused once and acknowledged another time is there rightly', () => {
  assert.deepEqual(judged([refused('a'), known(1, 'a')], [found(1, 'a')]), [])
})

test('a commit that nobody asked for is found', () => {
  assert.deepEqual(judged([], [found(1, 'a')]), ['nobody asked for s a at 1'])
})

test('positions that go back are found', () => {
  const problems = judged([unknown('a'), unknown('b')], [found(2, 'a'), found(1, 'b')])
  assert.deepEqual(problems, ['position 1 comes after 2'])
})

test('a commit whose condition did not hold is found', () => {
  const attempts = [unknown('a'), unknown('b'), unknown('c')]
  const commits = [found(1, 'a', { expected: 0 }), found(2, 'b'), found(3, 'c', { expected: 1 })]
  assert.deepEqual(judged(attempts, commits), ["the commit at 3 expected 1, its stream's head was 2"])
})

test('what was asked after another had been answered must come after it', () => {
  const attempts = [known(2, 'a', { began: 0, ended: 1 }), known(1, 'b', { began: 2, ended: 3 })]
  assert.deepEqual(judged(attempts, [found(1, 'b'), found(2, 'a')]), [
    '1 was asked for after 2 had been answered',
  ])
})

test('what was asked at the same time may come in either order', () => {
  const attempts = [known(2, 'a', { began: 0, ended: 9 }), known(1, 'b', { began: 2, ended: 3 })]
  assert.deepEqual(judged(attempts, [found(1, 'b'), found(2, 'a')]), [])
})

test('a repeated append may answer with an old position', () => {
  const again = known(1, 'a', {
    began: 90,
    ended: 91,
    outcome: { kind: 'known', position: 1, repeated: true },
  })
  assert.deepEqual(judged([known(1, 'a'), known(2, 'b'), again], [found(1, 'a'), found(2, 'b')]), [])
})

test('replicas that differ are found, whichever has more', () => {
  const replicas = (one: Found[], two: Found[]) =>
    problemsOf({
      attempts: [unknown('a'), unknown('b')],
      replicas: [
        { name: 'one', commits: one },
        { name: 'two', commits: two },
      ],
    })
  assert.deepEqual(replicas([found(1, 'a'), found(2, 'b')], [found(1, 'a')]), [
    'two has nothing where another has 2 s b',
  ])
  assert.deepEqual(replicas([found(1, 'a')], [found(1, 'a'), found(2, 'b')]), [
    'two has 2 s b where another has nothing',
  ])
  assert.deepEqual(replicas([found(1, 'a')], [found(1, 'b')]).at(-1), 'two has 1 s b where another has 1 s a')
})

test('a follower that missed a commit, had one twice or out of order is found', () => {
  const commits = [found(1, 'a'), found(2, 'b'), found(3, 'c')]
  const attempts = [unknown('a'), unknown('b'), unknown('c')]
  const followed = (positions: number[]) =>
    judged(attempts, commits, { followers: [{ name: 'f', positions }] })
  assert.deepEqual(followed([1, 2, 3]), [])
  assert.deepEqual(followed([1, 3]), ['f was given 3 where the log has 2'])
  assert.deepEqual(followed([1, 2, 2, 3]), ['f was given 2 where the log has 3'])
  assert.deepEqual(followed([1, 2]), ['f was given undefined where the log has 3'])
  assert.deepEqual(followed([1, 3, 2]), ['f was given 3 where the log has 2'])
})

test('no replica read is no proof', () => {
  assert.deepEqual(problemsOf({ attempts: [], replicas: [] }), ['no replica was read'])
})

/** A right history: commands one after the other, some of them not heard of. */
const rightHistory = fc
  .array(fc.record({ heard: fc.boolean(), stored: fc.boolean(), stream: fc.constantFrom('s', 'z') }), {
    minLength: 1,
    maxLength: 40,
  })
  .map((steps) => {
    const attempts: Attempt[] = []
    const commits: Found[] = []
    for (const [i, { heard, stored, stream }] of steps.entries()) {
      const position = i + 1
      const attempt = { ...known(position, `c${i}`), stream }
      if (heard || stored) commits.push(found(position, `c${i}`, { stream }))
      attempts.push(heard ? attempt : { ...attempt, outcome: { kind: 'unknown' } })
    }
    return { attempts, commits }
  })

test('any right history has no problem, and loses its rightness with any acknowledged commit', () => {
  fc.assert(
    fc.property(rightHistory, fc.nat(), ({ attempts, commits }, pick) => {
      assert.deepEqual(judged(attempts, commits), [])
      const heard = attempts.filter(({ outcome }) => outcome.kind === 'known')
      const lost = heard[pick % Math.max(1, heard.length)]
      if (!lost) return
      const without = commits.filter(({ commandId }) => commandId !== lost.commandId)
      assert.notDeepEqual(judged(attempts, without), [])
    }),
  )
})

test('any right history with a commit told twice is wrong', () => {
  fc.assert(
    fc.property(rightHistory, fc.nat(), ({ attempts, commits }, pick) => {
      const doubled = commits[pick % Math.max(1, commits.length)]
      if (!doubled) return
      const again = { ...doubled, position: attempts.length + 5 }
      assert.notDeepEqual(judged(attempts, [...commits, again]), [])
    }),
  )
})
