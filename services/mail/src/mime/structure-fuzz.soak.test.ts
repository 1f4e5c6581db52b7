import { test } from 'node:test'
import fc from 'fast-check'
import { corpus, withoutCorpus } from './corpus.fixture.ts'
import { anyEdits, checkMessage, mutated } from './fuzz.fixture.ts'
import { anyLineEnd, anyTree, writeMessage } from './random-message.fixture.ts'

const RUNS = 20_000

test(`${RUNS} broken generated messages stay true and bounded`, async () => {
  await fc.assert(
    fc.asyncProperty(anyTree, anyLineEnd, anyEdits, fc.nat(), async (tree, eol, edits, number) => {
      await checkMessage(mutated(writeMessage(tree, eol).bytes, edits), number)
    }),
    { numRuns: RUNS },
  )
})

test(`${RUNS} broken real messages stay true and bounded`, { skip: withoutCorpus }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...corpus), anyEdits, fc.nat(), async ({ bytes }, edits, number) => {
      await checkMessage(mutated(bytes, edits), number)
    }),
    { numRuns: RUNS },
  )
})
