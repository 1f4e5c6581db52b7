import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MessageContent } from '@relais/proto/mail/v1/message.ts'
import { decideSubmit, type SubmissionState, type SubmitMessage } from './decide.ts'

const state: SubmissionState = { submitted: undefined, recipientsOfLastHour: 0, source: undefined }

const command: SubmitMessage = {
  ...{ blob: 'b', size: 10, sender: 'mike@ox.io', recipients: ['a@x', 'b@x'], messageId: '<m>' },
  ...{ bodyKind: '7bit', smtputf8: false, saved: undefined, verb: 0, at: 7, recipientsPerHour: 0 },
}

const source = {
  ...{ placement: 5, item: 5, mailbox: 'inbox', size: 1, seen: true, flag: undefined, categories: [] },
}

test('a submission without a copy is one event', () => {
  const [event, ...others] = decideSubmit(state, command)
  assert.deepEqual(others, [])
  assert.deepEqual(event, {
    type: 'MessageSubmitted',
    payload: {
      ...{ blob: 'b', size: 10, sender: 'mike@ox.io', recipients: ['a@x', 'b@x'], messageId: '<m>' },
      ...{ bodyKind: '7bit', smtputf8: false, saved: 0, automatic: false },
    },
  })
})

test('the saved copy comes first, seen, in Sent, and the submission says its ordinal', () => {
  const saved = MessageContent.create({ blob: 'with-bcc' })
  const [copy, submitted] = decideSubmit(state, { ...command, saved })
  assert.ok(copy?.type === 'MessageStored' && submitted?.type === 'MessageSubmitted')
  assert.equal(copy.payload.mailbox, 'sent')
  assert.equal(copy.payload.reason, 'sent')
  assert.equal(copy.payload.state?.seen, true)
  assert.equal(submitted.payload.saved, 1)
})

test('what is answered or forwarded is marked in the same commit', () => {
  const events = decideSubmit({ ...state, source }, { ...command, verb: 3 })
  assert.deepEqual(events.at(-1), { type: 'MessageAnswered', payload: { placement: 5, verb: 3, at: 7 } })
})

test('an original that is gone meanwhile stops nothing', () => {
  assert.equal(decideSubmit(state, { ...command, verb: 1 }).length, 1)
})

test('a submission that was done is not done again', () => {
  assert.deepEqual(decideSubmit({ ...state, submitted: 9 }, command), [])
})

test('an account writes to so many recipients an hour; later it may again', () => {
  const limited = { ...command, recipientsPerHour: 3 }
  assert.equal(decideSubmit({ ...state, recipientsOfLastHour: 1 }, limited).length, 1)
  assert.throws(() => decideSubmit({ ...state, recipientsOfLastHour: 2 }, limited), {
    code: 'SEND_RATE_EXCEEDED',
    retryable: true,
  })
})
