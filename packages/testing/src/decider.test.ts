import assert from 'node:assert/strict'
import test from 'node:test'
import { specify } from './decider.ts'

type Door = { readonly open: boolean }
type DoorEvent = { readonly type: 'Opened' | 'Closed' }

const refused = (code: string) => Object.assign(new Error(code), { code })

const { given } = specify<Door, 'open' | 'break', DoorEvent>({
  initialState: { open: false },
  evolve: (_door, { type }) => ({ open: type === 'Opened' }),
  decide: (door, command) => {
    if (command === 'break') throw refused('NOT_ALLOWED')
    return door.open ? [] : [{ type: 'Opened' }]
  },
})

test('what happened before decides what happens', () => {
  given([])
    .when('open')
    .then([{ type: 'Opened' }])
  given([{ type: 'Opened' }])
    .when('open')
    .then([])
  given([{ type: 'Opened' }, { type: 'Closed' }])
    .when('open')
    .then([{ type: 'Opened' }])
})

test('a decision that gives other events fails the test', () => {
  assert.throws(() => given([]).when('open').then([]), assert.AssertionError)
})

test('a refusal is expected by its code', () => {
  given([]).when('break').thenRefused('NOT_ALLOWED')
  assert.throws(() => given([]).when('break').thenRefused('OTHER'), assert.AssertionError)
  assert.throws(() => given([]).when('open').thenRefused('NOT_ALLOWED'), assert.AssertionError)
})
