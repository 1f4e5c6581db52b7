import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AutomaticReplies } from '@relais/proto/mail/v1/message.ts'
import fc from 'fast-check'
import type { RepliesState } from './automatic-replies.ts'
import { decideReply, type SendReply, STALE_AFTER_MS } from './decide.ts'

const state = (change: Partial<RepliesState> = {}): RepliesState => ({
  replies: AutomaticReplies.fromPartial({
    state: 'on',
    inside: { enabled: true, type: 'plain', text: 'away' },
  }),
  ...{ since: 10, answered: 0, sentOfLastHour: 0, ...change },
})

const command = (change: Partial<SendReply> = {}): SendReply => ({
  ...{ delivery: 20, at: 1000, now: 1500, perHour: 200, sender: 'ann@x.example', recipient: 'Ann@X.example' },
  ...{ audience: 'inside', blob: 'b', size: 5, messageId: '<1@x>', smtputf8: false, ...change },
})

const isAnswered = (before: Partial<RepliesState>, change: Partial<SendReply> = {}) =>
  decideReply(state(before), command(change)).length > 0

test('a reply goes from the null sender, isn’t kept, and is recorded in the same commit (RFC 3834 §3.3)', () => {
  const [submitted, sent] = decideReply(state(), command())
  assert.deepEqual(submitted, {
    type: 'MessageSubmitted',
    payload: {
      ...{ blob: 'b', size: 5, sender: '', recipients: ['Ann@X.example'], messageId: '<1@x>', saved: 0 },
      ...{ bodyKind: '7bit', smtputf8: false, automatic: true },
    },
  })
  assert.deepEqual(sent, {
    type: 'AutomaticReplySent',
    payload: { sender: 'ann@x.example', delivery: 20, audience: 'inside' },
  })
})

test('a sender is answered once until it begins anew', () => {
  assert.equal(isAnswered({ answered: 0 }), true)
  assert.equal(isAnswered({ answered: 11 }), false)
  assert.equal(isAnswered({ answered: 9 }), true)
})

test('what came before it was turned on isn’t answered', () => {
  assert.equal(isAnswered({}, { delivery: 10 }), false)
  assert.equal(isAnswered({}, { delivery: 11 }), true)
})

test('what came before its time or after it isn’t answered, whenever that is decided', () => {
  const timed = AutomaticReplies.fromPartial({
    ...{ state: 'timed', start: 1000, end: 2000 },
    inside: { enabled: true, type: 'plain', text: 'away' },
  })
  assert.equal(isAnswered({ replies: timed }, { at: 999, now: 1500 }), false)
  assert.equal(isAnswered({ replies: timed }, { at: 1999, now: 9000 }), true)
  assert.equal(isAnswered({ replies: timed }, { at: 2000, now: 2000 }), false)
})

test('a day later a reply is of no use', () => {
  assert.equal(isAnswered({}, { at: 0, now: STALE_AFTER_MS - 1 }), true)
  assert.equal(isAnswered({}, { at: 0, now: STALE_AFTER_MS }), false)
})

test('an account answers so many in an hour, not more', () => {
  assert.equal(isAnswered({ sentOfLastHour: 199 }), true)
  assert.equal(isAnswered({ sentOfLastHour: 200 }), false)
})

test('who is told nothing is told nothing', () => {
  assert.equal(isAnswered({}, { audience: 'outside-unknown' }), false)
})

test('whatever comes in whatever order, nobody is answered twice between two beginnings', () => {
  const step = fc.oneof(
    fc.record({ mail: fc.constantFrom('a', 'b', 'c') }),
    fc.constant({ begins: true }),
    fc.constant({ off: true }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let [since, on] = [1, true]
      const answered = new Map<string, number>()
      for (const [n, one] of steps.entries()) {
        const position = n + 2
        if ('begins' in one) [since, on] = [position, true]
        else if ('off' in one) on = false
        else {
          const replies = AutomaticReplies.fromPartial({
            ...{ state: on ? 'on' : 'off', inside: { enabled: true, type: 'plain', text: 'x' } },
          })
          const before = answered.get(one.mail) ?? 0
          const events = decideReply(
            state({ replies, since, answered: before }),
            command({ sender: one.mail, delivery: position }),
          )
          assert.equal(events.length > 0, on && before <= since)
          if (events.length > 0) answered.set(one.mail, position)
        }
      }
    }),
  )
})
