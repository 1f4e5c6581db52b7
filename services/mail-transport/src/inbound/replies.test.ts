import assert from 'node:assert/strict'
import { test } from 'node:test'
import { retryable, terminal } from '@relais/service-kit'
import { replyTo } from './replies.ts'

const reply = (error: unknown) => {
  const { responseCode, message } = replyTo(error)
  return `${responseCode} ${message}`
}

test('an unknown recipient is refused for good', () => {
  assert.equal(
    reply(terminal('NO_ACCOUNT', 'there is no such account')),
    '550 5.1.1 there is no such account',
  )
})

test('a full mailbox makes the other server keep the mail', () => {
  assert.match(reply(terminal('QUOTA_EXCEEDED', 'the mailbox is full')), /^452 4\.2\.2/)
})

test('an error that may go away is 4xx, one that stays is 5xx', () => {
  assert.match(reply(retryable('LOG_UNAVAILABLE', 'no log')), /^451 4\.3\.0 no log/)
  assert.match(reply(terminal('SOMETHING', 'never')), /^554 5\.3\.0 never/)
})

test('an error nobody foresaw shows nothing of its inside, and the mail is kept by its sender', () => {
  assert.equal(
    reply(new TypeError('secret of /var/lib')),
    '451 4.3.0 something went wrong here; try again later',
  )
})

test('a reason can not add lines to a reply', () => {
  assert.doesNotMatch(reply(terminal('X', 'a\r\n250 OK')), /[\r\n]/)
})
