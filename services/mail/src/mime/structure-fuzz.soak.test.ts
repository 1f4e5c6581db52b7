import { afterEach, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { corpus, withoutCorpus } from './corpus.fixture.ts'
import { anyEdits, checkMessage, mutated } from './fuzz.fixture.ts'
import { anyLineEnd, anyTree, writeMessage } from './random-message.fixture.ts'

const PARTS = 10
const RUNS = 2_000

// So that each part is told when it is done: nothing in it waits for anything.
afterEach(() => turn())

/** Other messages each time; each part says its seed. */
const start = Math.floor(Math.random() * 2 ** 30)

for (let part = 0; part < PARTS; part += 1) {
  const seed = start + part
  const which = `(${part + 1} of ${PARTS}, seed ${seed})`

  test(`${RUNS} broken generated messages stay true and bounded ${which}`, () =>
    fc.assert(
      fc.asyncProperty(anyTree, anyLineEnd, anyEdits, fc.nat(), async (tree, eol, edits, number) => {
        await checkMessage(mutated(writeMessage(tree, eol).bytes, edits), number)
      }),
      { seed, numRuns: RUNS },
    ))

  test(`${RUNS} broken real messages stay true and bounded ${which}`, { skip: withoutCorpus }, () =>
    fc.assert(
      fc.asyncProperty(fc.constantFrom(...corpus), anyEdits, fc.nat(), async ({ bytes }, edits, number) => {
        await checkMessage(mutated(bytes, edits), number)
      }),
      { seed, numRuns: RUNS },
    ),
  )
}
