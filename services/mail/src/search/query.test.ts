import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Expression } from './expression.ts'
import { isSo, type StateCondition, type StateFacts } from './message-state.ts'
import { isEmpty, parseQuery as parseQueryAt } from './query.ts'
import { MAX_TERMS, MAX_WORDS } from './query-tree.ts'

const NOW = Date.UTC(2026, 0, 31, 12)
const parseQuery = (text: string) => parseQueryAt(text, NOW)

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

  test(`has at most ${MAX_WORDS} words in all of its terms, and the beginning of one that goes beyond`, () => {
    const words = (count: number) => 'a '.repeat(count).trim()
    const phrase = (count: number) => `"${words(count)}"`
    assert.equal(parsed(phrase(MAX_WORDS)), phrase(MAX_WORDS))
    assert.equal(parsed(phrase(MAX_WORDS + 1)), phrase(MAX_WORDS))
    assert.equal(
      parsed(`${phrase(MAX_WORDS - 2)} from:anna@acme.example b`),
      `all(${phrase(MAX_WORDS - 2)} sender:"anna acme")`,
    )
    assert.equal(parsed(`${phrase(MAX_WORDS)} b is:read`), phrase(MAX_WORDS))
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

  test('is counted from now where a word says so', () => {
    assert.deepEqual(parseQuery('received:today').received, { after: at - 1, before: at + day })
    assert.deepEqual(parseQuery('RECEIVED:"This Month" x').received, {
      after: Date.UTC(2026, 0, 1) - 1,
      before: Date.UTC(2026, 1, 1),
    })
  })

  test('inside an alternative or a negation is looked at one by one', () => {
    const { expression, state, received } = parseQuery('(a OR received:today) b NOT received:yesterday')
    assert.equal(shown(expression), 'b')
    assert.deepEqual(received, { after: 0, before: Number.MAX_SAFE_INTEGER })
    assert.equal(saidOf(state), `every(some(texts:a received:${at - 1}) not(received:${at - day - 1}))`)
  })
})

describe('MS-KQL 2.1.6: sent:', () => {
  const midnight = Date.UTC(2026, 0, 31)
  test('is what a message says of itself, with the dates of received:', () => {
    for (const text of ['sent:2026-01-31', 'SENT=2026-01-31', 'sent:today'])
      assert.equal(saidOf(parseQuery(`budget ${text}`).state), `sent:${midnight - 1}`, text)
    assert.equal(saidOf(parseQuery('-sent:>=2026-01-31').state), `not(sent:${midnight - 1})`)
  })
  test('with something else behind it is words', () => {
    assert.equal(parsed('sent:anna'), 'sent:anna')
    assert.equal(parsed('sent items'), 'all(sent items)')
    assert.equal(isEmpty(parseQuery('sent:')), true)
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
    case 'received':
    case 'sent':
      return `${condition.kind}:${condition.after}`
    case 'texts':
      return `texts:${shown(condition.of)}`
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
  test('may be alternatives of words, which the index is then asked for by themselves', () => {
    assert.deepEqual(read('budget OR isread:false'), ['', 'some(texts:budget seen:false)', false])
    assert.deepEqual(read('(budget isread:false) OR lunch'), [
      '',
      'some(texts:lunch every(texts:budget seen:false))',
      false,
    ])
    assert.deepEqual(read('a OR b OR is:flagged'), ['', 'some(texts:either(a b) flagged:true)', false])
    assert.deepEqual(read('draft (NOT a OR -has:attachment)'), [
      'draft',
      'some(texts:not(a) attachment:false)',
      false,
    ])
    assert.deepEqual(read('NOT (a is:read)'), ['', 'not(every(texts:a seen:true))', false])
  })
  test('that everything has are no bound, and narrow no alternative', () => {
    assert.deepEqual(read('kind:email budget'), ['budget', '', false])
    assert.deepEqual(read('NOT kind:email budget'), ['budget', '', false])
    assert.deepEqual(read('kind:email OR is:read'), ['', 'some(every() seen:true)', false])
    assert.equal(isEmpty(parseQuery('kind:email')), true)
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
        ? 1 + Math.max(0, ...condition.of.map(depth))
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

describe('what a query means', () => {
  /** A query as it was made, and whether it is true of a message. */
  type Said = { readonly text: string; readonly isTrue: (message: Message) => boolean }
  type Message = { readonly words: ReadonlySet<string>; readonly seen: boolean; readonly flagged: boolean }

  const leaf = fc.constantFrom<Said>(
    { text: 'apple', isTrue: ({ words }) => words.has('apple') },
    { text: 'pear', isTrue: ({ words }) => words.has('pear') },
    { text: 'is:read', isTrue: ({ seen }) => seen },
    { text: 'isflagged:true', isTrue: ({ flagged }) => flagged },
  )
  const { said } = fc.letrec<{ said: Said }>((tie) => ({
    said: fc.oneof(
      { maxDepth: 4, depthIdentifier: 'query' },
      leaf,
      fc.tuple(tie('said'), tie('said')).map(([a, b]) => ({
        text: `(${a.text} OR ${b.text})`,
        isTrue: (message: Message) => a.isTrue(message) || b.isTrue(message),
      })),
      fc.tuple(tie('said'), tie('said')).map(([a, b]) => ({
        text: `(${a.text} ${b.text})`,
        isTrue: (message: Message) => a.isTrue(message) && b.isTrue(message),
      })),
      tie('said').map(({ text, isTrue }) => ({
        text: `NOT (${text})`,
        isTrue: (message: Message) => !isTrue(message),
      })),
    ),
  }))
  const message = fc.record({
    words: fc.subarray(['apple', 'pear']).map((words) => new Set<string>(words)),
    seen: fc.boolean(),
    flagged: fc.boolean(),
  })

  const says = (words: ReadonlySet<string>, expression: Expression): boolean => {
    if (expression.kind === 'term') return words.has(expression.text)
    if (expression.kind === 'not') return !says(words, expression.of)
    const found = expression.of.map((one) => says(words, one))
    return expression.kind === 'all' ? found.every(Boolean) : found.some(Boolean)
  }
  const factsOf = ({ words, seen, flagged }: Message): StateFacts => ({
    ...{ seen, flagged, draft: false, attachment: false, categories: [], importance: '' },
    ...{ size: 1, received: NOW, sent: NOW, says: (texts) => says(words, texts) },
  })

  test('is found by what the index is asked for and what is looked at one by one, however words and states are joined', () => {
    fc.assert(
      fc.property(said, message, ({ text, isTrue }, one) => {
        const { expression, state } = parseQuery(text)
        const found =
          (expression === undefined || says(one.words, expression)) &&
          (state === undefined || isSo(state, factsOf(one)))
        assert.equal(found, isTrue(one), text)
      }),
      { numRuns: 1000 },
    )
  })
})
