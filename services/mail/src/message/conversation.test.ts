import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { blobKey } from './blob-key.ts'
import {
  ancestors,
  indexKey,
  isReply,
  MAX_REFERENCES,
  messageKey,
  newConversation,
  subjectKey,
  type ThreadFields,
} from './conversation.ts'

const fields = (some: Partial<ThreadFields> = {}): ThreadFields => ({
  ...{ messageId: '<me@x>', inReplyTo: '', references: [], subject: 'Hello' },
  ...some,
})

describe('ancestors', () => {
  test('are looked for from the nearest to the farthest, each once', () => {
    assert.deepEqual(ancestors(fields({ inReplyTo: '<c>', references: ['<a>', '<b>', '<c>'] })), [
      '<c>',
      '<b>',
      '<a>',
    ])
  })

  test('of a long chain the newest count, and the first', () => {
    const references = Array.from({ length: 500 }, (_, n) => `<${n}>`)
    const found = ancestors(fields({ inReplyTo: '<x>', references }))
    assert.equal(found.length, MAX_REFERENCES)
    assert.deepEqual([found[0], found[1], found.at(-1)], ['<x>', '<499>', '<0>'])
  })

  test('a message that answers nothing has none', () => assert.deepEqual(ancestors(fields()), []))
})

describe("a new conversation's id", () => {
  test('has 16 bytes', () => assert.equal(newConversation(fields(), 'blob').length, 16))

  test('is the same for a reply that comes before what it answers', () => {
    const first = newConversation(fields({ messageId: '<a>' }), 'blob')
    assert.deepEqual(newConversation(fields({ messageId: '<b>', inReplyTo: '<a>' }), 'other'), first)
    assert.deepEqual(
      newConversation(fields({ messageId: '<c>', references: ['<a>', '<b>'] }), 'third'),
      first,
    )
  })

  test('comes from the bytes where a message has no id at all', () => {
    const nameless = fields({ messageId: '' })
    assert.deepEqual(newConversation(nameless, 'blob'), newConversation(nameless, 'blob'))
    assert.notDeepEqual(newConversation(nameless, 'blob'), newConversation(nameless, 'other'))
  })
})

describe('a reply by its subject', () => {
  for (const subject of [
    'Re: Hello',
    'AW: Hello',
    'RE: AW: WG: Hello',
    'Sv: Hello',
    '[list] Re: Hello',
    'Odp: Hello',
    'R: Hello',
  ]) {
    test(`"${subject}" answers "Hello"`, () => {
      assert.equal(isReply(subject), true)
      assert.equal(subjectKey(subject), subjectKey('hello'))
    })
  }

  for (const subject of [
    'Hello',
    '[list] Hello',
    '[a] [b] Hello',
    'Hello: world',
    ' Hello  there ',
    '',
    'Re',
  ]) {
    test(`"${subject}" answers nothing`, () => assert.equal(isReply(subject), false))
  }

  test('no subject has no key, so that such messages share no conversation', () => {
    assert.equal(subjectKey(''), null)
    assert.equal(subjectKey('Re: '), null)
    assert.equal(messageKey(''), null)
  })

  test('any text is read, without a long time for long ones', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 3000 }),
        (text) => void [isReply(text), subjectKey(text)],
      ),
    )
    assert.equal(isReply('Re: '.repeat(100_000)), true)
    assert.equal(isReply('['.repeat(100_000)), false)
  })
})

describe('keys of index columns', () => {
  test('are safe integers', () => {
    fc.assert(fc.property(fc.string(), (text) => Number.isSafeInteger(indexKey(text)) && indexKey(text) >= 0))
  })

  test("a blob's is the beginning of its id", () => {
    const blob = `${'ab'.repeat(32)}`
    assert.equal(blobKey(blob), 0xababababababa)
    assert.ok(Number.isSafeInteger(blobKey('not hex')))
  })
})
