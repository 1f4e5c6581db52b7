import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ReadStore } from '@relais/read-store'
import { openTestRows, temporaryFolder } from '@relais/testing'
import fc from 'fast-check'
import { addDocuments, removeDocument } from './documents.ts'
import { EFFORT } from './effort.ts'
import { findItems } from './find.ts'
import { parseQuery } from './query.ts'
import { SEARCH_STORE } from './schema.ts'

const key = { tenant: 'acme', account: 'u_mike' }

const word = fc.constantFrom(
  'annual',
  'report',
  'Ärger',
  'arg',
  'café',
  'ana',
  'an',
  '7',
  "it's",
  'x-y',
  'ANNUAL',
  'é',
)
const text = fc.array(word, { maxLength: 8 }).map((words) => words.join(' '))
const field = fc.constantFrom('', 'from:', 'to:', 'subject:', 'body:', 'participants:', '-')
const term = fc.oneof(
  fc.tuple(field, word).map(([name, said]) => name + said),
  fc.tuple(field, text).map(([name, said]) => `${name}"${said}"`),
)
const operator = fc.constantFrom('AND', 'OR', 'NOT', '(', ')')
const query = fc
  .array(fc.oneof({ weight: 3, arbitrary: term }, { weight: 1, arbitrary: operator }), {
    minLength: 1,
    maxLength: 5,
  })
  .map((terms) => terms.join(' '))

const documents = fc.array(
  fc.record({
    ...{ sender: text, recipient: text, subject: text, body: text, attachment: text },
    ...{ received: fc.integer({ min: 1, max: 20 }), isRemoved: fc.boolean() },
  }),
  { minLength: 1, maxLength: 6 },
)

const person = (name: string) => ({ name, address: '' })

test('both engines find the same in the same documents, in one volume and in many, whatever order they came in', async (t) => {
  const open: { store: ReadStore; perVolume: number }[] = []
  t.after(async () => void (await Promise.all(open.map(({ store }) => store.close()))))
  const folder = await temporaryFolder(t)
  for (const [engine, perVolume] of [
    ['sqlite', EFFORT.perVolume],
    ['sqlite', 2],
    ['postgres', 2],
  ] as const)
    open.push({
      store: await openTestRows(join(folder, `${perVolume}`), engine).openStore(SEARCH_STORE),
      perVolume,
    })
  let account = 0
  const property = fc.asyncProperty(
    documents,
    fc.array(query, { minLength: 1, maxLength: 5 }),
    async (found, asked) => {
      const mine = { ...key, account: `u_${account++}` }
      const add = ({ store, perVolume }: (typeof open)[number]) =>
        store.transaction(async (writer) => {
          for (const [at, one] of found.entries()) {
            const { sender, recipient, subject, body, attachment } = one
            const item = account * 100 + at
            const envelope = { from: [person(sender)], to: [person(recipient)], cc: [], bcc: [], subject }
            const document = {
              ...{ item, placement: item, mailbox: 'inbox', received: one.received * 1000, conversation: '' },
              ...{ attachments: [attachment], body, size: 1000 },
              envelope: envelope as never,
            }
            await addDocuments(writer, [{ key: mine, document }], { perVolume })
            if (one.isRemoved) await removeDocument(writer, mine, item)
          }
        })
      await Promise.all(open.map(add))
      for (const said of asked) {
        const search = {
          query: parseQuery(said, 0),
          mailboxes: [],
          after: 0,
          before: 0,
          conversation: '',
          offset: 0,
          limit: 100,
        }
        const [one, ...others] = await Promise.all(
          open.map(({ store, perVolume }) =>
            findItems(store, mine, { ...search, effort: { ...EFFORT, perVolume } }),
          ),
        )
        for (const other of others) assert.deepEqual(other, one, said)
      }
    },
  )
  await fc.assert(property, { numRuns: 60 })
})
