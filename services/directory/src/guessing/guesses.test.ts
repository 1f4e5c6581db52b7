import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clientOf } from './client-network.ts'
import { type Attempt, DEFAULT_GUESS_LIMITS, Guesses } from './guesses.ts'

const from = (address: string, subject = 'acme u_1'): Attempt => ({ subject, client: clientOf(address) })

/** How many wrong guesses of the attempts are let through at one moment. */
const letThrough = (guesses: Guesses, attempts: readonly Attempt[], now = 0) =>
  attempts.filter((attempt) => {
    const guess = guesses.begin(attempt, now)
    if (typeof guess === 'number') return false
    guesses.wrong(guess, now)
    return true
  }).length

const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, n) => make(n))

test('from one address an account is guessed at ten times, then every 30 seconds', () => {
  const guesses = new Guesses(DEFAULT_GUESS_LIMITS)
  const attempts = times(50, () => from('192.0.2.7'))
  assert.equal(letThrough(guesses, attempts), 10)
  assert.equal(guesses.begin(from('192.0.2.7'), 0), 30_000)
  assert.equal(letThrough(guesses, attempts, 60_000), 2)
})

test('the owner at another address is not locked out by that', () => {
  const guesses = new Guesses(DEFAULT_GUESS_LIMITS)
  letThrough(
    guesses,
    times(50, () => from('192.0.2.7')),
  )
  assert.equal(typeof guesses.begin(from('198.51.100.1'), 0), 'object')
})

test('one address tries at most a hundred accounts, then one every five seconds', () => {
  const guesses = new Guesses(DEFAULT_GUESS_LIMITS)
  const attempts = times(500, (number) => from('192.0.2.7', `acme u_${number}`))
  assert.equal(letThrough(guesses, attempts), 100)
  assert.equal(letThrough(guesses, attempts.slice(200), 50_000), 10)
})

test('IPv6 addresses of one household are one address', () => {
  const guesses = new Guesses(DEFAULT_GUESS_LIMITS)
  assert.equal(
    letThrough(
      guesses,
      times(50, (number) => from(`2001:db8::${number + 1}`)),
    ),
    10,
  )
})

test('one account is guessed at a hundred times from anywhere, then every ten seconds', () => {
  const guesses = new Guesses(DEFAULT_GUESS_LIMITS)
  assert.equal(
    letThrough(
      guesses,
      times(250, (number) => from(`192.0.2.${number}`)),
    ),
    100,
  )
  assert.equal(
    letThrough(
      guesses,
      times(250, (number) => from(`198.51.100.${number}`)),
      100_000,
    ),
    10,
  )
})

test('in a network where it has signed in before, an account is let in during an attack from elsewhere', () => {
  const guesses = new Guesses(DEFAULT_GUESS_LIMITS)
  letThrough(
    guesses,
    times(250, (number) => from(`192.0.2.${number}`)),
  )
  assert.equal(typeof guesses.begin(from('203.0.113.9'), 0), 'number')
  assert.equal(typeof guesses.beginKnown(from('203.0.113.9'), 0), 'object')
})

test('a known network is no way to guess without end', () => {
  const guesses = new Guesses(DEFAULT_GUESS_LIMITS)
  const known = times(500, (number) => guesses.beginKnown(from(`203.0.113.${number % 250}`), 0))
  assert.equal(known.filter((guess) => typeof guess !== 'number').length, 100)
})

test('thousands of phones behind one address come at once with the right passwords', () => {
  const guesses = new Guesses(DEFAULT_GUESS_LIMITS)
  const begun = times(5000, (number) => guesses.begin(from('192.0.2.7', `acme u_${number}`), 0))
  assert.ok(begun.every((guess) => typeof guess !== 'number'))
})

test('an address whose guesses were all begun at once has to make up for them', () => {
  const guesses = new Guesses(DEFAULT_GUESS_LIMITS)
  for (const guess of times(150, (number) => guesses.begin(from('192.0.2.7', `acme u_${number}`), 0)))
    if (typeof guess !== 'number') guesses.wrong(guess, 0)
  assert.equal(guesses.begin(from('192.0.2.7', 'acme u_500'), 0), 255_000)
})

test('many guesses at one account at once are not cheaper', () => {
  const guesses = new Guesses(DEFAULT_GUESS_LIMITS)
  const begun = times(50, () => guesses.begin(from('192.0.2.7'), 0))
  assert.equal(begun.filter((guess) => typeof guess !== 'number').length, 10)
})

test('a guess that was none is given back', () => {
  const guesses = new Guesses(DEFAULT_GUESS_LIMITS)
  for (const attempt of times(1000, () => from('192.0.2.7'))) {
    const guess = guesses.begin(attempt, 0)
    assert.ok(typeof guess !== 'number')
    guesses.giveBack(guess, 0)
  }
})

test('whoever knows the password after all has made typing errors', () => {
  const guesses = new Guesses(DEFAULT_GUESS_LIMITS)
  letThrough(
    guesses,
    times(9, () => from('192.0.2.7')),
  )
  guesses.forgive(from('192.0.2.7'))
  assert.equal(
    letThrough(
      guesses,
      times(20, () => from('192.0.2.7')),
    ),
    10,
  )
})

test('guessing at another account is not forgiven with it', () => {
  const guesses = new Guesses(DEFAULT_GUESS_LIMITS)
  letThrough(
    guesses,
    times(100, (number) => from('192.0.2.7', `acme u_${number}`)),
  )
  guesses.forgive(from('192.0.2.7', 'acme u_1'))
  assert.equal(typeof guesses.begin(from('192.0.2.7', 'acme u_1'), 0), 'number')
})

test('an attempt that is refused costs nothing', () => {
  const guesses = new Guesses(DEFAULT_GUESS_LIMITS)
  letThrough(
    guesses,
    times(100, () => from('192.0.2.7')),
  )
  assert.equal(typeof guesses.begin(from('192.0.2.7'), 30_000), 'object')
})

test('where the client is not known only the account counts', () => {
  const guesses = new Guesses(DEFAULT_GUESS_LIMITS)
  assert.equal(
    letThrough(
      guesses,
      times(200, (number) => from('', `acme u_${number}`)),
    ),
    200,
  )
  assert.equal(
    letThrough(
      guesses,
      times(50, () => from('', 'acme u_1')),
    ),
    9,
  )
})

test('memory is bounded, however many names and addresses are tried', () => {
  const guesses = new Guesses(DEFAULT_GUESS_LIMITS, 100)
  const attempts = times(10_000, (number) => from(`10.0.${number >> 8}.${number & 255}`, `? ${number}`))
  assert.equal(letThrough(guesses, attempts), 10_000)
})
