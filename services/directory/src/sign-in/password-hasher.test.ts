import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { DEFAULT_COST, parsePasswordHash, THROW_AWAY_COST } from '../credential/password-hash.ts'
import { PasswordHasher } from './password-hasher.ts'

const FOREVER = Number.MAX_SAFE_INTEGER

const hasherOf = (options: { concurrency?: number; waiting?: number; clock?: () => number } = {}) =>
  new PasswordHasher({
    cost: { memory: 64, passes: 1, parallelism: 1 },
    concurrency: 2,
    waiting: 100,
    random: (count) => randomBytes(count),
    clock: Date.now,
    ...options,
  })

test('a password is recognised by its hash, and no other is', async () => {
  const hasher = hasherOf()
  const hash = await hasher.hash('secret', { deadline: FOREVER })
  assert.ok(await hasher.verify('secret', hash, FOREVER))
  assert.ok(!(await hasher.verify('Secret', hash, FOREVER)))
})

test('the same password hashed twice has two hashes', async () => {
  const hasher = hasherOf()
  assert.notEqual(
    await hasher.hash('secret', { deadline: FOREVER }),
    await hasher.hash('secret', { deadline: FOREVER }),
  )
})

test('a hash made by the reference implementation of argon2id is verified', async () => {
  // printf password | argon2 somesalt -id -t 2 -m 16 -p 1 -l 32 -e
  const hasher = hasherOf()
  const hash = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'
  assert.ok(await hasher.verify('password', hash, FOREVER))
})

test('a lasting account costs what OWASP recommends: 19 MiB, two passes, one lane', () =>
  assert.deepEqual(DEFAULT_COST, { memory: 19_456, passes: 2, parallelism: 1 }))

test('a hash says what it cost, and is verified at that cost', async () => {
  const hasher = hasherOf()
  const hash = await hasher.hash('secret', {
    deadline: FOREVER,
    cost: { memory: 128, passes: 2, parallelism: 1 },
  })
  assert.deepEqual(parsePasswordHash(hash)?.cost, { memory: 128, passes: 2, parallelism: 1 })
  assert.ok(await hasher.verify('secret', hash, FOREVER))
})

test('nothing is the password of an account without one', async () => {
  assert.ok(!(await hasherOf().verify('secret', '', FOREVER)))
  assert.ok(!(await hasherOf().verify('', '', FOREVER)))
})

test('a hash that is none opens nothing', async () => {
  assert.ok(!(await hasherOf().verify('secret', 'secret', FOREVER)))
})

test('more sign-ins than may wait are asked to come back', async () => {
  const hasher = hasherOf({ concurrency: 1, waiting: 2 })
  const hash = await hasher.hash('secret', { deadline: FOREVER })
  const outcomes = await Promise.allSettled(
    Array.from({ length: 5 }, () => hasher.verify('secret', hash, FOREVER)),
  )
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
  assert.deepEqual(
    refused.map(({ reason }) => [reason.code, reason.retryable]),
    [
      ['OVERLOADED', true],
      ['OVERLOADED', true],
    ],
  )
})

test('cheap hashes of throw-away accounts count for little: thousands may wait', async () => {
  const hasher = hasherOf({ concurrency: 1, waiting: 100 })
  const cheap = await hasher.hash('secret', { deadline: FOREVER, cost: THROW_AWAY_COST })
  const verified = await Promise.all(
    Array.from({ length: 700 }, () => hasher.verify('secret', cheap, FOREVER)),
  )
  assert.ok(verified.every((right) => right))
})

test('a place given up is free again, also after a failure', async () => {
  const hasher = hasherOf({ concurrency: 1, waiting: 0 })
  const hash = await hasher.hash('secret', { deadline: FOREVER })
  await assert.rejects(hasherOf({ clock: () => 2, concurrency: 1, waiting: 0 }).verify('secret', hash, 1), {
    code: 'DEADLINE_EXCEEDED',
  })
  for (let turn = 0; turn < 3; turn++) assert.ok(await hasher.verify('secret', hash, FOREVER))
})

test('a sign-in whose caller has stopped waiting costs nothing', async () => {
  await assert.rejects(hasherOf({ clock: () => 1000 }).verify('secret', '', 999), {
    code: 'DEADLINE_EXCEEDED',
  })
})

test('a password whose setter has stopped waiting is not hashed', async () => {
  const hashing = hasherOf({ clock: () => 1000 }).hash('secret', { deadline: 999 })
  await assert.rejects(hashing, { code: 'DEADLINE_EXCEEDED' })
})

test('a sign-in goes before passwords that are being set, however many those are', async () => {
  const hasher = hasherOf({ concurrency: 1 })
  const hash = await hasher.hash('secret', { deadline: FOREVER })
  const order: string[] = []
  const note = (what: string) => () => order.push(what)
  const settings = Array.from({ length: 5 }, () =>
    hasher.hash('other', { deadline: FOREVER }).then(note('set')),
  )
  const signIn = hasher.verify('secret', hash, FOREVER).then(note('sign-in'))
  await Promise.all([...settings, signIn])
  assert.ok(order.indexOf('sign-in') <= 1, order.join(' '))
})
