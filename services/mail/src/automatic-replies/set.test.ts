import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AutomaticReplies, type DeepPartial } from '@relais/proto/mail/v1/message.ts'
import fc from 'fast-check'
import { answersAt, NO_REPLIES, replyTo } from './automatic-replies.ts'
import { decideSet, MAX_REPLY_BYTES } from './set.ts'

const replies = (change: DeepPartial<AutomaticReplies>): AutomaticReplies =>
  AutomaticReplies.fromPartial(change)

const reply = (text: string) => ({ enabled: true, type: 'plain', text })

const setTo = (before: AutomaticReplies, wanted: DeepPartial<AutomaticReplies>) => {
  const [event] = decideSet(before, replies(wanted))
  return event?.type === 'AutomaticRepliesSet' ? event.payload : undefined
}

const away = setTo(NO_REPLIES, { state: 'on', inside: reply('away') })!.replies!

test('turned on it begins: everybody is told once from then on', () => {
  assert.equal(setTo(NO_REPLIES, { state: 'on', inside: reply('away') })?.begins, true)
})

test('another text begins nothing: who was told isn’t told again', () => {
  const changed = setTo(away, { state: 'on', inside: reply('back on Monday') })
  assert.deepEqual([changed?.begins, changed?.replies?.inside?.text], [false, 'back on Monday'])
})

test('other times begin anew', () => {
  const timed = setTo(away, { state: 'timed', start: 1000, end: 2000 })
  assert.equal(timed?.begins, true)
  assert.equal(setTo(timed!.replies!, { state: 'timed', start: 1000, end: 3000 })?.begins, true)
  assert.equal(setTo(timed!.replies!, { state: 'on' })?.begins, true)
})

test('turned off it begins nothing', () => assert.equal(setTo(away, { state: 'off' })?.begins, false))

test('what isn’t named stays as it is, also while it is off', () => {
  const off = setTo(away, { state: 'off', outsideKnown: reply('hello') })?.replies
  assert.deepEqual([off?.inside?.text, off?.outsideKnown?.text], ['away', 'hello'])
  const text = setTo(off!, { state: 'on', inside: { enabled: false, type: 'plain', text: 'kept' } })?.replies
  assert.deepEqual([text?.inside?.enabled, text?.inside?.text], [false, 'kept'])
})

test('said twice it is said once', () => {
  assert.deepEqual(decideSet(away, replies({ state: 'on', inside: reply('away') })), [])
  assert.deepEqual(decideSet(away, replies({ state: 'on', start: 5, end: 1 })), [])
})

for (const [what, wanted] of [
  ['a state that is none', { state: 'maybe' }],
  ['no state', {}],
  ['times without an end', { state: 'timed', start: 1000 }],
  ['times without a start', { state: 'timed', end: 1000 }],
  ['an end at the start', { state: 'timed', start: 1000, end: 1000 }],
  ['times beyond all calendars', { state: 'timed', start: 1, end: 8.64e15 }],
  ['a text of another kind', { state: 'on', inside: { enabled: true, type: 'rtf', text: 'x' } }],
  ['a text that is too long', { state: 'on', inside: reply('x'.repeat(MAX_REPLY_BYTES + 1)) }],
  ['a text that is too long in UTF-8', { state: 'on', outsideUnknown: reply('é'.repeat(MAX_REPLY_BYTES)) }],
  ['half a character', { state: 'on', inside: reply('\ud800') }],
] as const)
  test(`${what} is refused`, () => {
    assert.throws(() => decideSet(NO_REPLIES, replies(wanted)), { code: 'INVALID_ARGUMENT' })
  })

test('a text of just the bound is taken', () => {
  assert.equal(
    decideSet(NO_REPLIES, replies({ state: 'on', inside: reply('x'.repeat(MAX_REPLY_BYTES)) })).length,
    1,
  )
})

test('off answers never, on always, timed from its start until before its end', () => {
  const timed = replies({ state: 'timed', start: 1000, end: 2000 })
  assert.deepEqual(
    [999, 1000, 1999, 2000].map((at) => answersAt(timed, at)),
    [false, true, true, false],
  )
  assert.equal(answersAt(replies({ state: 'on' }), 5), true)
  assert.equal(answersAt(NO_REPLIES, 5), false)
})

test('each audience has its own text; one that is off or blank is silence', () => {
  const some = replies({
    state: 'on',
    inside: reply('in'),
    outsideKnown: { ...reply('known'), enabled: false },
    outsideUnknown: reply('  \r\n'),
  })
  assert.equal(replyTo(some, 'inside')?.text, 'in')
  assert.equal(replyTo(some, 'outside-known'), undefined)
  assert.equal(replyTo(some, 'outside-unknown'), undefined)
  assert.equal(replyTo(NO_REPLIES, 'inside'), undefined)
})

const anyReply = fc.option(
  fc.record(
    { enabled: fc.boolean(), type: fc.constantFrom('plain', 'html'), text: fc.string() },
    { noNullPrototype: true },
  ),
  { nil: undefined },
)
const anyReplies = fc.record({
  state: fc.constantFrom('off', 'on', 'timed'),
  start: fc.integer({ min: 1, max: 10 }),
  end: fc.integer({ min: 11, max: 20 }),
  ...{ inside: anyReply, outsideKnown: anyReply, outsideUnknown: anyReply },
})

test('whatever is set, set again it changes nothing, and what was named is what holds', () => {
  fc.assert(
    fc.property(fc.array(anyReplies, { maxLength: 8 }), (wishes) => {
      let state = NO_REPLIES
      for (const wish of wishes) {
        state = setTo(state, wish)?.replies ?? state
        assert.deepEqual(decideSet(state, replies(wish)), [])
        assert.equal(state.state, wish.state)
        if (wish.inside) assert.deepEqual(state.inside, wish.inside)
      }
    }),
  )
})
