import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { translate, translateDefinition } from './translate.ts'

test('question marks are numbered, but for those in strings and names', () => {
  assert.equal(translate('SELECT ? WHERE a = ?'), 'SELECT $1 WHERE a = $2')
  assert.equal(
    translate(`SELECT '?', 'it''s ?', "a?" WHERE b = ?`),
    `SELECT '?', 'it''s ?', "a?" WHERE b = $1`,
  )
})

test('LIKE takes ASCII letters of either case', () => {
  assert.equal(translate("SELECT 1 WHERE a LIKE ? ESCAPE '!'"), "SELECT 1 WHERE a ILIKE $1 ESCAPE '!'")
  assert.equal(translate("SELECT 'LIKE' AS likely"), "SELECT 'LIKE' AS likely")
})

test('a text is translated once, to the same', () => {
  const text = 'SELECT ? AS once'
  assert.equal(translate(text), translate(text))
})

test('columns hold what those of SQLite hold', () => {
  assert.equal(
    translateDefinition(
      'CREATE TABLE t (a INTEGER NOT NULL, text TEXT, b BLOB, c REAL, d BIGINT, PRIMARY KEY (a)) WITHOUT ROWID',
    ),
    'CREATE TABLE t (a BIGINT NOT NULL, text TEXT COLLATE "C", b BYTEA, c DOUBLE PRECISION, d BIGINT, PRIMARY KEY (a))',
  )
  assert.equal(
    translateDefinition("ALTER TABLE t ADD COLUMN e TEXT NOT NULL DEFAULT 'an INTEGER?'"),
    `ALTER TABLE t ADD COLUMN e TEXT COLLATE "C" NOT NULL DEFAULT 'an INTEGER?'`,
  )
})

test('indexes and rows are as they are', () => {
  const index = 'CREATE INDEX i ON t (a, text) WHERE a > 0'
  assert.equal(translateDefinition(index), index)
  assert.equal(translateDefinition("UPDATE t SET a = 'x'"), "UPDATE t SET a = 'x'")
})

test('a virtual table is refused: only SQLite has them', () => {
  assert.throws(() => translateDefinition('CREATE VIRTUAL TABLE t USING fts5(a)'), { code: 'SCHEMA_INVALID' })
})

test('whatever is in a string stays', () => {
  const property = fc.property(fc.string(), (value) => {
    const literal = `'${value.replaceAll("'", "''")}'`
    assert.equal(translate(`SELECT ${literal} WHERE a = ?`), `SELECT ${literal} WHERE a = $1`)
  })
  fc.assert(property)
})
