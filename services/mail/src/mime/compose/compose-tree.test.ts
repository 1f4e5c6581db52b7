import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import type { Part } from '@relais/proto/mail/v1/message.ts'
import fc from 'fast-check'
import { attachmentsOf } from '../attachments.ts'
import { messageOf, type TestMessage } from '../message.fixture.ts'
import { findPart } from '../open-part.ts'
import { anyLineEnd, anyTree, writeMessage } from '../random-message.fixture.ts'
import { decodeWhole } from '../transfer.ts'
import { composeMessage } from './compose.ts'

const compose = async (
  verb: 'reply' | 'forward',
  written: TestMessage,
  original: TestMessage,
): Promise<TestMessage> => {
  const chunks: Uint8Array[] = []
  const composition = { verb, written, original, locale: 'en', timeZone: 'UTC', boundary: 'q7Zk3vXw9LmT2sRb' }
  for await (const chunk of composeMessage(composition)) chunks.push(chunk)
  return messageOf(Buffer.concat(chunks))
}

/** Type and content of everything attached, in any order: what it is for whoever opens it. */
const contents = ({ structure, bytes }: TestMessage): string[] =>
  attachmentsOf(structure)
    .map(({ part }) => {
      const { type, bodyStart, bodyEnd, encoding } = findPart(structure, part) as Part
      return `${type} ${Buffer.from(decodeWhole(bytes.subarray(bodyStart, bodyEnd), encoding)).toString('base64')}`
    })
    .sort()

const anyMessage = fc
  .tuple(anyTree, anyLineEnd)
  .map(([tree, eol]) => messageOf(writeMessage(tree, eol).bytes))

const letter = messageOf(
  Buffer.from(
    'From: me@x.example\r\nSubject: Re: a\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nmine\r\n',
  ),
)

test('whatever is forwarded, all that was attached to it is attached, byte for byte', async () => {
  await fc.assert(
    fc.asyncProperty(anyMessage, async (original) => {
      const forwarded = await compose('forward', letter, original)
      assert.deepEqual(contents(forwarded), contents(original))
    }),
    { numRuns: 200 },
  )
})

test('whatever a phone attaches, it is attached, byte for byte, to a reply and to a forward', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyMessage,
      fc.constantFrom('reply' as const, 'forward' as const),
      async (written, verb) => {
        const sent = await compose(verb, written, letter)
        const expected = contents(written)
        for (const content of expected) assert.ok(contents(sent).includes(content), content.slice(0, 60))
      },
    ),
    { numRuns: 200 },
  )
})

test('whatever is composed, the fields of the phone are its first fields', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyMessage,
      fc.constantFrom('reply' as const, 'forward' as const),
      async (original, verb) => {
        const sent = await compose(verb, letter, original)
        assert.ok(
          sent.bytes.toString().startsWith('From: me@x.example\r\nSubject: Re: a\r\nMIME-Version: 1.0\r\n'),
        )
        assert.deepEqual(sent.envelope.from, letter.envelope.from)
      },
    ),
    { numRuns: 100 },
  )
})

test('what is composed is composed the same a second time: a repeated request sends one message', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyMessage,
      anyMessage,
      fc.constantFrom('reply' as const, 'forward' as const),
      async (written, original, verb) => {
        const [first, second] = await Promise.all([
          compose(verb, written, original),
          compose(verb, written, original),
        ])
        assert.ok(first.bytes.equals(second.bytes))
      },
    ),
    { numRuns: 100 },
  )
})

test('what is composed can be answered and forwarded in turn', async () => {
  await fc.assert(
    fc.asyncProperty(anyMessage, async (original) => {
      let current = original
      for (const verb of ['reply', 'forward', 'reply', 'forward'] as const)
        current = await compose(verb, letter, current)
      assert.equal(current.structure.bodyEnd, current.bytes.length)
      assert.ok(!current.anomalies.includes('truncated'))
    }),
    { numRuns: 50 },
  )
})
