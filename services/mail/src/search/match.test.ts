import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { matchExpression, scopeOf } from './match.ts'
import { parseQuery } from './query.ts'

const key = { tenant: 'acme', account: 'u_mike' }
const expression = (text: string) =>
  matchExpression(key, parseQuery(text).expression).replaceAll(scopeOf(key), 'S')

describe('what the index is asked', () => {
  test('is always asked inside one account', () => {
    assert.equal(expression('has:attachment'), '{scope} : "S"')
    assert.match(expression('a OR b'), /^\{scope\} : "S" AND \(.* OR .*\)$/)
    assert.match(expression('NOT a'), /^\{scope\} : "S" AND \(\{scope\} : "S" NOT /)
  })

  test('words may be beginnings, phrases are as they are', () => {
    assert.equal(
      expression('bud "annual report"'),
      '{scope} : "S" AND ({sender recipients subject attachments body} : "bud" * AND ' +
        '{sender recipients subject attachments body} : "annual report")',
    )
  })

  test('fields are columns', () => {
    assert.equal(expression('from:anna'), '{scope} : "S" AND {sender} : "anna" *')
    assert.equal(expression('to:anna'), '{scope} : "S" AND {recipients} : "anna" *')
    assert.equal(expression('subject:anna'), '{scope} : "S" AND {subject} : "anna" *')
    assert.equal(expression('participants:anna'), '{scope} : "S" AND {sender recipients} : "anna" *')
    assert.equal(expression('body:anna'), '{scope} : "S" AND {attachments body} : "anna" *')
  })

  test('nothing typed gets out of its quotes', () => {
    const outside = expression('a" OR {scope}:"x b\'); DROP TABLE docs; --').replaceAll(
      /"(?:[^"]|"")*"/g,
      '""',
    )
    assert.match(
      outside,
      /^\{scope\} : "" AND \((?:(?:\{scope\}|\{sender recipients subject attachments body\}) : ""(?: \*)?|[()]| AND | OR | NOT )*\)$/,
    )
  })

  test('accounts and tenants have scopes of their own', () => {
    const scopes = ['acme/u_mike', 'acme/u_anna', 'acm/eu_mike'].map((name) => {
      const [tenant = '', account = ''] = name.split('/')
      return scopeOf({ tenant, account })
    })
    assert.equal(new Set(scopes).size, 3)
    assert.notEqual(scopeOf({ tenant: 'a', account: 'bc' }), scopeOf({ tenant: 'ab', account: 'c' }))
    for (const scope of scopes) assert.match(scope, /^s[0-9a-f]{24}$/)
  })
})
