import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { StateCondition } from './message-state.ts'
import { type Expression, isEmpty, MAX_TERMS, parseQuery } from './query.ts'
import { parseDates } from './query-dates.ts'

/** An expression as text: words as they are, phrases in quotes, operators as functions. */
const shown = (expression: Expression | undefined): string => {
  if (expression === undefined) return ''
  if (expression.kind === 'term') {
    const { field, text, phrase } = expression
    return `${field === 'any' ? '' : `${field}:`}${phrase ? `"${text}"` : text}`
  }
  if (expression.kind === 'not') return `not(${shown(expression.of)})`
  return `${expression.kind}(${expression.of.map(shown).join(' ')})`
}
const parsed = (text: string) => shown(parseQuery(text).expression)

const termsOf = (expression: Expression | undefined): Extract<Expression, { kind: 'term' }>[] => {
  if (expression === undefined) return []
  if (expression.kind === 'term') return [expression]
  return expression.kind === 'not' ? termsOf(expression.of) : expression.of.flatMap(termsOf)
}

describe('a search query', () => {
  test('is words, each of which must be found', () =>
    assert.equal(parsed('budget  2026'), 'all(budget 2026)'))

  test('has phrases in quotes', () =>
    assert.equal(parsed('"annual budget" draft'), 'all("annual budget" draft)'))

  test('names a property before a word or a phrase, in any case', () => {
    assert.equal(
      parsed('from:anna TO:mike Subject:"annual budget"'),
      'all(sender:anna recipients:mike subject:"annual budget")',
    )
    assert.equal(
      parsed('cc:a bcc:b participants:c body:d attachment:e'),
      'all(recipients:a recipients:b people:c content:d content:e)',
    )
  })

  test('asks for messages with attachments', () => {
    for (const text of [
      'has:attachment',
      'HAS:Attachments report',
      'hasattachment:true',
      'hasattachment=yes x',
    ])
      assert.equal(parseQuery(text).withAttachment, true, text)
    assert.equal(parseQuery('attachment').withAttachment, false)
    assert.equal(parsed('has:attachment report'), 'report')
  })

  test('an unknown property, and one with a value that it can’t have, are words', () => {
    assert.equal(parsed('width:5 has:wings'), 'all(width:5 has:wings)')
    assert.equal(parsed('received:never'), 'received:never')
  })

  test('a phrase that is not closed goes to the end', () =>
    assert.equal(parsed('"annual budget'), '"annual budget"'))

  test('a beginning of a word may be said with a star, also in quotes', () => {
    assert.equal(parsed('bud*'), 'bud*')
    assert.equal(parsed('"bud*"'), 'bud*')
    assert.equal(parsed('"annual bud*"'), '"annual bud*"')
  })

  test('punctuation alone asks for nothing', () => {
    for (const text of [
      '',
      ' ',
      '"',
      '""',
      '***',
      'from:',
      'from:""',
      '()',
      '\0',
      'AND',
      'NOT',
      'OR OR',
      '-',
      '(NOT)',
    ]) {
      assert.equal(isEmpty(parseQuery(text)), true, JSON.stringify(text))
    }
    assert.equal(isEmpty(parseQuery('has:attachment')), false)
    assert.equal(isEmpty(parseQuery('received:2026-01-05')), false)
  })

  test(`has at most ${MAX_TERMS} terms, of its first kilobyte`, () => {
    assert.equal(termsOf(parseQuery('a '.repeat(500)).expression).length, MAX_TERMS)
    assert.equal(termsOf(parseQuery('x'.repeat(100_000)).expression)[0]!.text.length, 1024)
  })

  test('every term has something to look for, whatever was typed', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .array(
          fc.constantFrom('a', '"b c"', '(', ')', 'AND', 'OR', 'NOT', '-', 'from:', 'received:', ' ', '"'),
        )
        .map((parts) => parts.join(' ')),
    )
    fc.assert(
      fc.property(text, (said) =>
        termsOf(parseQuery(said).expression).every(({ text }) => /[\p{L}\p{N}\p{Co}]/u.test(text)),
      ),
    )
  })
})

describe('MS-KQL 2.1.4: operators', () => {
  test('bind NOT before AND before OR', () => {
    assert.equal(parsed('a OR b c'), 'either(a all(b c))')
    assert.equal(parsed('a AND NOT b OR c'), 'either(all(a not(b)) c)')
    assert.equal(parsed('(a OR b) c'), 'all(either(a b) c)')
    assert.equal(parsed('a -b -"c d"'), 'all(a not(b) not("c d"))')
    assert.equal(parsed('NOT (a OR b)'), 'not(either(a b))')
  })

  test('are words in lower case', () =>
    assert.equal(parsed('this or that and not'), 'all(this or that and not)'))

  test('that lack what they join are nothing', () => {
    assert.equal(parsed('AND a OR'), 'a')
    assert.equal(parsed('a NOT'), 'a')
    assert.equal(parsed('NEAR(a b)'), 'all(NEAR all(a b))')
  })

  test('parentheses may be missing or too many', () => {
    assert.equal(parsed('(a OR b'), 'either(a b)')
    assert.equal(parsed('a) b'), 'all(a b)')
    assert.equal(parsed(')))('), '')
  })

  test('nest as deep as anybody needs, and no deeper', () => {
    const depth = (expression: Expression | undefined): number => {
      if (expression === undefined || expression.kind === 'term') return 0
      const inner = expression.kind === 'not' ? [expression.of] : expression.of
      return 1 + Math.max(...inner.map(depth))
    }
    assert.ok(depth(parseQuery('a (b '.repeat(200)).expression) <= 17)
    assert.ok(depth(parseQuery(`${'NOT '.repeat(250)}a`).expression) <= 17)
  })
})

describe('MS-KQL 2.1.6: received:', () => {
  const day = 86_400_000
  const at = Date.UTC(2026, 0, 31)

  test('narrows the whole query', () => {
    const { expression, received } = parseQuery('budget received:>=2026-01-31 received:<2026-02-01')
    assert.equal(shown(expression), 'budget')
    assert.deepEqual(received, { after: at - 1, before: at + day })
  })

  test('is one day, an open end, or two days', () => {
    assert.deepEqual(parseDates('2026-01-31'), { after: at - 1, before: at + day })
    assert.deepEqual(parseDates('=1/31/2026'), { after: at - 1, before: at + day })
    assert.deepEqual(parseDates('>2026-01-31'), { after: at + day - 1, before: 0 })
    assert.deepEqual(parseDates('<=2026-01-31'), { after: 0, before: at + day })
    assert.deepEqual(parseDates('2026-01-31..2026-02-28'), { after: at - 1, before: Date.UTC(2026, 2, 1) })
  })

  for (const text of [
    '',
    '2026',
    '2026-02-30',
    '2026-13-01',
    '13/1/2026',
    '>',
    '..',
    '2026-01-31..',
    '>2026-01-01..2026-01-02',
    '1901-01-01',
  ])
    test(`isn’t "${text}"`, () => assert.equal(parseDates(text), undefined))

  test('inside an alternative or a negation narrows nothing', () => {
    for (const text of ['a OR received:2026-01-31', 'a NOT received:2026-01-31', '(a OR has:attachment) b']) {
      const { received, withAttachment } = parseQuery(text)
      assert.deepEqual([received.after, withAttachment], [0, false], text)
    }
  })
})

/** A condition as text. */
const saidOf = (condition: StateCondition | undefined): string => {
  if (condition === undefined) return ''
  switch (condition.kind) {
    case 'every':
    case 'some':
      return `${condition.kind}(${condition.of.map(saidOf).join(' ')})`
    case 'not':
      return `not(${saidOf(condition.of)})`
    case 'category':
      return `category:${condition.begins}`
    case 'size':
      return `size:${condition.min}`
    default:
      return `${condition.kind}:${condition.is}`
  }
}

describe('states in a query', () => {
  const read = (text: string) => {
    const { expression, state, withAttachment } = parseQuery(text)
    return [shown(expression), saidOf(state), withAttachment]
  }
  test('narrow what is found by words', () => {
    assert.deepEqual(read('budget isread:false'), ['budget', 'seen:false', false])
    assert.deepEqual(read('isflagged:true budget category:"Red one"'), [
      'budget',
      'every(flagged:true category:red one)',
      false,
    ])
    assert.deepEqual(read('IsRead=no size>1000'), ['', 'every(seen:false size:1001)', false])
    assert.deepEqual(read('has:attachment is:unread'), ['', 'seen:false', true])
  })
  test('are enough by themselves', () => {
    assert.equal(isEmpty(parseQuery('isread:false')), false)
    assert.equal(isEmpty(parseQuery('isread:')), true)
  })
  test('may be negated', () => {
    assert.deepEqual(read('budget NOT isread:true'), ['budget', 'not(seen:true)', false])
    assert.deepEqual(read('-category:red'), ['', 'not(category:red)', false])
    assert.deepEqual(read('budget hasattachment:false'), ['budget', 'attachment:false', false])
    assert.deepEqual(read('budget NOT has:attachment'), ['budget', 'attachment:false', false])
    assert.deepEqual(read('NOT (isread:true OR isflagged:true)'), [
      '',
      'not(some(seen:true flagged:true))',
      false,
    ])
  })
  test('may be alternatives of each other', () => {
    assert.deepEqual(read('isread:false OR isflagged:true'), ['', 'some(seen:false flagged:true)', false])
    assert.deepEqual(read('budget (isread:false OR isflagged:true AND importance:high)'), [
      'budget',
      'some(seen:false every(flagged:true importance:high))',
      false,
    ])
  })
  test('narrow nothing as alternatives of words', () => {
    assert.deepEqual(read('budget OR isread:false'), ['budget', '', false])
    assert.deepEqual(read('(budget isread:false) OR lunch'), ['either(budget lunch)', '', false])
  })
  test('with values that they can’t have are words', () => {
    assert.deepEqual(read('isread:perhaps'), ['isread:perhaps', '', false])
    assert.deepEqual(read('importance:urgent'), ['importance:urgent', '', false])
  })
  test(`are ${MAX_TERMS} at most, words among them`, () => {
    const conditionsIn = (condition: StateCondition | undefined): number => {
      if (condition === undefined) return 0
      return condition.kind === 'every' ? condition.of.length : 1
    }
    assert.equal(conditionsIn(parseQuery('is:read '.repeat(MAX_TERMS)).state), MAX_TERMS)
    assert.equal(conditionsIn(parseQuery('is:read '.repeat(100)).state), MAX_TERMS)
    const mixed = parseQuery(`${'a '.repeat(MAX_TERMS - 1)}is:read is:flagged`)
    assert.equal(saidOf(mixed.state), 'seen:true')
  })
  test('of any text end, and nest no deeper than anything else', () => {
    const depth = (condition: StateCondition | undefined): number => {
      if (condition === undefined) return 0
      if (condition.kind === 'not') return 1 + depth(condition.of)
      return condition.kind === 'every' || condition.kind === 'some'
        ? 1 + Math.max(...condition.of.map(depth))
        : 0
    }
    const parts = fc.constantFrom(
      'isread:false',
      'is:flagged',
      'a',
      '(',
      ')',
      'AND',
      'OR',
      'NOT',
      '-',
      'size>1',
    )
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 120 }), (said) => {
        assert.ok(depth(parseQuery(said.join(' ')).state) <= 40)
      }),
    )
  })
})
