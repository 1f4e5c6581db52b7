import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { matchExpression, scopeOf, volumeScope } from './match.ts'
import { parseQuery } from './query.ts'

const key = { tenant: 'acme', account: 'u_mike' }
const expression = (text: string) =>
  matchExpression(scopeOf(key), parseQuery(text, 0).expression).replaceAll(scopeOf(key), 'S')

describe('what the index is asked', () => {
  test('is always asked inside one account', () => {
    assert.equal(expression('has:attachment'), '{scope} : "S"')
    assert.match(expression('ab OR b'), /^\(.* : "Sab" \* OR .* : "Sb"\)$/)
    assert.match(expression('NOT a'), /^\(\{scope\} : "S" NOT .* : "Sa"\)$/)
  })

  test('words may be beginnings, phrases are as they are', () => {
    assert.equal(
      expression('bud "annual report"'),
      '({sender recipients subject attachments body} : "Sbud" * AND ' +
        '{sender recipients subject attachments body} : "Sannual Sreport")',
    )
    assert.match(expression('日'), / : "S日" \*$/)
    assert.equal(expression('from:zoe@X.example'), '{sender} : "Szoe Sx Sexample" *')
  })

  test('fields are columns', () => {
    assert.equal(expression('from:anna'), '{sender} : "Sanna" *')
    assert.equal(expression('to:anna'), '{recipients} : "Sanna" *')
    assert.equal(expression('subject:anna'), '{subject} : "Sanna" *')
    assert.equal(expression('participants:anna'), '{sender recipients} : "Sanna" *')
    assert.equal(expression('body:anna'), '{attachments body} : "Sanna" *')
  })

  test('nothing typed gets out of its quotes, and every word is the account’s', () => {
    const asked = expression('a" OR {scope}:"x b\'); DROP TABLE docs; --')
    const quoted = [...asked.matchAll(/"([^"]*)"/g)].map(([, words = '']) => words)
    assert.ok(quoted.every((words) => /^(?:S[\p{L}\p{N}]+)(?: S[\p{L}\p{N}]+)*$/u.test(words)))
    assert.match(
      asked.replaceAll(/"[^"]*"/g, '""'),
      /^\((?:(?:\{scope\}|\{sender recipients subject attachments body\}) : ""(?: \*)?|[()]| AND | OR | NOT )*\)$/,
    )
  })

  test('accounts and tenants have scopes of their own', () => {
    const scopes = ['acme/u_mike', 'acme/u_anna', 'acm/eu_mike'].map((name) => {
      const [tenant = '', account = ''] = name.split('/')
      return scopeOf({ tenant, account })
    })
    assert.equal(new Set(scopes).size, 3)
    assert.notEqual(scopeOf({ tenant: 'a', account: 'bc' }), scopeOf({ tenant: 'ab', account: 'c' }))
    for (const scope of scopes) assert.match(scope, /^s[0-9a-f]{15}$/)
  })

  test('volumes of an account have scopes of their own, none the beginning of another', () => {
    const scopes = [0, 1, 35, 36, 36 ** 4].map((volume) => volumeScope(key, volume))
    assert.equal(new Set(scopes).size, scopes.length)
    for (const scope of scopes) assert.match(scope, /^s[0-9a-f]{15}[0-9a-z]{5}$/)
  })
})
