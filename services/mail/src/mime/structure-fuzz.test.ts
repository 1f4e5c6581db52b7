import { test } from 'node:test'
import fc from 'fast-check'
import { corpus, withoutCorpus } from './corpus.fixture.ts'
import { anyEdits, checkMessage, mutated } from './fuzz.fixture.ts'
import { anyLineEnd, anyTree, writeMessage } from './random-message.fixture.ts'

test('whatever is broken in a generated message, everything about it stays true and bounded', async () => {
  await fc.assert(
    fc.asyncProperty(anyTree, anyLineEnd, anyEdits, fc.nat(), async (tree, eol, edits, number) => {
      await checkMessage(mutated(writeMessage(tree, eol).bytes, edits), number)
    }),
    { numRuns: 200 },
  )
})

test('whatever is broken in a real message, everything about it stays true and bounded', {
  skip: withoutCorpus,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...corpus), anyEdits, fc.nat(), async ({ bytes }, edits, number) => {
      await checkMessage(mutated(bytes, edits), number)
    }),
    { numRuns: 100 },
  )
})

test('bytes that are no message at all are one all the same', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), fc.nat(), async (bytes, number) => {
      await checkMessage(Buffer.from(bytes), number)
    }),
    { numRuns: 200 },
  )
})

test('every real message as it is stays true and bounded', { skip: withoutCorpus }, async () => {
  for (const [number, { bytes }] of corpus.entries()) await checkMessage(bytes, number * 37)
})
