import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readTar } from '../src/read-tar.ts'
import { byPath, type Entry, writeTar } from '../src/tar.ts'

const name = fc.stringMatching(/^[a-zé@+.-]{1,60}$/).filter((text) => text !== '.' && text !== '..')
const path = fc.array(name, { minLength: 1, maxLength: 6 }).map((parts) => `x/${parts.join('/')}`)
const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({
    kind: fc.constant('file' as const),
    path,
    mode: fc.constantFrom(0o644, 0o755),
    bytes: fc.uint8Array({ maxLength: 1500 }),
  }),
  fc.record({
    kind: fc.constant('link' as const),
    path,
    target: fc.stringMatching(/^[a-z./]{1,250}$/),
  }),
)
/** No entry lies below another one that isn't a folder. */
const entries = fc.uniqueArray(entry, { selector: (one) => one.path, maxLength: 8 })

const comparable = (one: Entry) => ({ ...one, ...(one.kind === 'file' ? { bytes: [...one.bytes] } : {}) })

test('what is written is read again, with names of any length', () => {
  fc.assert(
    fc.property(entries, (given) => {
      const read = readTar(writeTar(given)).filter(({ kind }) => kind !== 'folder')
      assert.deepEqual(read.map(comparable), [...given].sort(byPath).map(comparable))
    }),
    { numRuns: 100 },
  )
})

test('the archive is the same bytes whatever the order of its entries', () => {
  fc.assert(
    fc.property(entries, (given) => {
      assert.deepEqual(writeTar(given), writeTar([...given].reverse()))
    }),
    { numRuns: 50 },
  )
})

test('the folders above a file come before it, for everybody to read', () => {
  const archive = writeTar([{ kind: 'file', path: 'a/b/c', mode: 0o644, bytes: Buffer.from('x') }])
  assert.deepEqual(
    readTar(archive).map((one) => [one.kind, one.path, one.kind === 'link' ? 0 : one.mode]),
    [
      ['folder', 'a', 0o755],
      ['folder', 'a/b', 0o755],
      ['file', 'a/b/c', 0o644],
    ],
  )
})

test('two entries of one path are refused', () => {
  const one: Entry = { kind: 'link', path: 'a', target: 'b' }
  assert.throws(() => writeTar([one, one]), /a is in the archive twice/)
})

test('an archive that ends in the middle of a file is refused', () => {
  const archive = writeTar([{ kind: 'file', path: 'a', mode: 0o644, bytes: new Uint8Array(2000) }])
  assert.throws(() => readTar(archive.subarray(0, 1024)), /ends in the middle/)
})
