import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settingsOf } from './options.ts'

const GOOD = {
  endpoint: 'https://s3.example.org',
  region: 'eu-central-1',
  bucket: 'relais-blobs',
  credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
}

const invalid = { code: 'CONFIGURATION_INVALID', retryable: false }

test('what is not said has a default', () => {
  const settings = settingsOf(GOOD)
  assert.deepEqual(
    [settings.prefix, settings.connections, settings.attempts, settings.answerWithinMs, settings.deadlineMs],
    ['', 32, 5, 5000, 20_000],
  )
  assert.equal(settingsOf({ ...GOOD, attempts: 1 }).attempts, 1)
})

test('an endpoint is a scheme, a host and a port', () => {
  for (const endpoint of ['https://s3.example.org', 'http://127.0.0.1:9000', 'https://[::1]:9000/'])
    assert.equal(settingsOf({ ...GOOD, endpoint }).endpoint, endpoint)
  for (const endpoint of ['', 's3.example.org', 'ftp://x', 'https://x/bucket', 'https://x?y', 'file:///x'])
    assert.throws(() => settingsOf({ ...GOOD, endpoint }), invalid, endpoint)
})

test('a bucket has a name as S3 allows it', () => {
  for (const bucket of ['', 'ab', 'A-bucket', 'a/b', '../a', 'a b', '-ab', 'x'.repeat(64)])
    assert.throws(() => settingsOf({ ...GOOD, bucket }), invalid, bucket)
})

test('empty credentials are refused, and no error tells a secret', () => {
  for (const credentials of [
    { accessKeyId: '', secretAccessKey: 'hidden' },
    { accessKeyId: 'hidden', secretAccessKey: '' },
  ])
    assert.throws(
      () => settingsOf({ ...GOOD, credentials }),
      (error: Error) => !error.message.includes('hidden') && /access key/.test(error.message),
    )
})
