import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { scopeOf } from './match.ts'
import { parseQuery } from './query.ts'
import { vectorOf, vectorQuery } from './tsvector-texts.ts'

const key = { tenant: 'acme', account: 'u_mike' }
const query = (text: string) => vectorQuery(key, parseQuery(text, 0).expression).replace(scopeOf(key), 'S')
const nothing = { sender: '', recipients: '', subject: '', attachments: '', body: '' }

describe('what PostgreSQL is asked', () => {
  test('is always asked inside one account', () => {
    assert.equal(query('has:attachment'), "'=S'")
    assert.equal(query('ab OR b'), "'=S' & (('ab':*) | ('b'))")
    assert.equal(query('ab NOT bc'), "'=S' & (('ab':*) & !('bc':*))")
  })

  test('words may be beginnings, phrases are as they are', () => {
    assert.equal(query('bud "annual report"'), "'=S' & (('bud':*) & ('annual' <-> 'report'))")
    assert.equal(query('weight:5'), "'=S' & ('weight' <-> '5')")
  })

  test('fields are labels', () => {
    assert.equal(query('from:anna'), "'=S' & ('anna':*A)")
    assert.equal(query('to:"anna b"'), "'=S' & ('anna':B <-> 'b':B)")
    assert.equal(query('subject:anna'), "'=S' & ('anna':*C)")
    assert.equal(query('participants:anna'), "'=S' & ('anna':*AB)")
    assert.equal(query('body:anna'), "'=S' & ('anna':*D)")
  })

  test('nothing typed gets out of its quotes', () => {
    const outside = query(`a' | '=other':* & !x \\' <-> (b`).replaceAll(/'[^']*'/g, "''")
    assert.match(outside, /^'' & (?:''(?::\*)?|[()&|!]| |<->)*$/)
  })
})

describe('what PostgreSQL keeps', () => {
  test('is every word with its place and the label of its field', () => {
    const vector = vectorOf(key, { ...nothing, sender: 'Anna', subject: 'To do', body: 'do' })
    assert.equal(vector.replace(scopeOf(key), 'S'), "'=S' 'anna':1A 'to':4C 'do':5C 'do':8D")
  })

  test('is what a text says, whatever is in it', () => {
    const vector = vectorOf(key, { ...nothing, body: `it's 'x':1A \\ "y"` })
    assert.equal(vector.replace(scopeOf(key), 'S'), "'=S' 'it':5D 's':6D 'x':7D '1a':8D 'y':9D")
  })

  test('has no place beyond the last that PostgreSQL has', () => {
    const vector = vectorOf(key, { ...nothing, body: 'word '.repeat(20_000) })
    assert.match(vector, /'word':16383D$/)
  })
})
