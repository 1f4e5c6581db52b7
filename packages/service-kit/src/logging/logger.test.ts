import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { recordingLogger } from '../../test/recording-logger.ts'
import { createLogger, type LogFields } from './logger.ts'
import { describeError, hashed } from './redaction.ts'

const logged = (fields: LogFields) => {
  const { logger, lines } = recordingLogger()
  logger.info(fields, 'something happened')
  assert.equal(lines.length, 1)
  return { line: lines[0]!, entry: JSON.parse(lines[0]!) as Record<string, unknown> }
}

test('an entry is one line of JSON with time, level, name and message', () => {
  const { line, entry } = logged({ tenant: 'acme' })
  const { time, ...rest } = entry
  assert.deepEqual(rest, { level: 'info', name: 'test', tenant: 'acme', msg: 'something happened' })
  assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  assert.equal(line.indexOf('\n'), line.length - 1)
})

test('an entry without fields is a message', () => {
  const { logger, entries } = recordingLogger()
  logger.warn('disk is nearly full')
  assert.equal(entries()[0]?.msg, 'disk is nearly full')
})

for (const name of [
  'subject',
  'address',
  'from',
  'to',
  'body',
  'content',
  'password',
  'token',
  'authorization',
  'headers',
  'login',
  'query',
  'displayName',
]) {
  test(`${name} is never written, at any depth`, () => {
    const { line, entry } = logged({ [name]: 'very private', status: { code: 1, [name]: ['very private'] } })
    assert.doesNotMatch(line, /very private/)
    assert.deepEqual(entry.redacted, [name])
    assert.deepEqual(entry.status, { code: 1, redacted: [name] })
  })
}

test('a field that nobody allowed is named and not written', () => {
  const { entry } = logged({ account: 'u_1', frobnication: 'secret' })
  assert.equal(entry.account, 'u_1')
  assert.deepEqual(entry.redacted, ['frobnication'])
})

test('whatever the fields are, only those that are allowed are written, on one line', () => {
  fc.assert(
    fc.property(fc.object({ maxDepth: 4 }), (fields) => {
      const { line, entry } = logged({ ...fields, private: 'very private' })
      assert.doesNotMatch(line, /very private/)
      assert.equal(line.trimEnd().includes('\n'), false)
      assert.equal(entry.msg, 'something happened')
    }),
  )
})

test('fields of a child logger are in its entries, and judged alike', () => {
  const { logger, entries, lines } = recordingLogger()
  const child = logger.child({ tenant: 'acme', password: 'very private' }).child({ account: 'u_1' })
  child.info({ method: '/x' }, 'called')
  const [entry] = entries()
  assert.deepEqual([entry?.tenant, entry?.account, entry?.method], ['acme', 'u_1', '/x'])
  assert.doesNotMatch(lines.join(), /very private/)
})

test('a field of a child does not pass for the name of the process', () => {
  const { logger, entries } = recordingLogger()
  logger.child({ name: 'somebody' }).info('x')
  assert.notEqual(entries()[0]?.name, 'somebody')
})

test('a level below the chosen one is not written', () => {
  const { logger, lines } = recordingLogger('warn')
  logger.debug('a')
  logger.info('b')
  logger.warn('c')
  logger.error('d')
  assert.equal(lines.length, 2)
})

test('silent means silent', () => {
  const { logger, lines } = recordingLogger('silent')
  logger.error('x')
  assert.deepEqual(lines, [])
})

test('a long text is cut, a long list too, and depth has an end', () => {
  const { line } = logged({
    reason: 'x'.repeat(100_000),
    events: Array.from({ length: 10_000 }, (_, index) => index),
    state: { state: { state: { state: { state: 'deep' } } } },
  })
  assert.ok(line.length < 3_000, String(line.length))
  assert.doesNotMatch(line, /deep/)
})

test('an error in a field is described, not dumped', () => {
  const { entry, line } = logged({
    err: Object.assign(new RangeError('bad "secret" of a@b.example'), { config: 'secret' }),
  })
  const { type, reason, stack } = entry.err as Record<string, string>
  assert.equal(type, 'RangeError')
  assert.equal(reason, 'bad "…" of <address>')
  assert.match(String(stack), /^at .*logger\.test/)
  assert.doesNotMatch(line, /secret/)
})

test('an error is described by type, code, scrubbed reason and the frames of its stack', () => {
  const error = Object.assign(new Error('ENOENT: open "/home/mike@ox.io"'), { code: 'ENOENT' })
  const { stack, ...rest } = describeError(error)
  assert.deepEqual(rest, { type: 'Error', code: 'ENOENT', reason: 'ENOENT: open "…"' })
  assert.doesNotMatch(String(stack), /mike|ENOENT/)
})

test('what is thrown and no error is described too', () => {
  assert.deepEqual(describeError('to mike@ox.io'), { type: 'string', reason: 'to <address>' })
  assert.deepEqual(describeError(undefined), { type: 'undefined', reason: 'undefined' })
})

test('an address is logged as a hash: equal for equal addresses in any case, and nothing of it in it', () => {
  assert.match(hashed('mike@ox.io'), /^[0-9a-f]{12}$/)
  assert.equal(hashed('mike@ox.io'), hashed('Mike@OX.io'))
  assert.notEqual(hashed('mike@ox.io'), hashed('nike@ox.io'))
})

test('a logger without a destination writes to standard output', () => {
  assert.doesNotThrow(() => createLogger({ name: 'test', level: 'silent' }).info('x'))
})
