import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ReadStore } from '@relais/read-store'
import { openTestRows, temporaryFolder } from '@relais/testing'
import fc from 'fast-check'
import { addDocuments } from './documents.ts'
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
  fc.record({ sender: text, recipient: text, subject: text, body: text, attachment: text }),
  {
    minLength: 1,
    maxLength: 6,
  },
)

const person = (name: string) => ({ name, address: '' })

test('both engines find the same in the same documents', async (t) => {
  const open: ReadStore[] = []
  t.after(async () => void (await Promise.all(open.map((store) => store.close()))))
  const folder = await temporaryFolder(t)
  for (const engine of ['sqlite', 'postgres'] as const)
    open.push(await openTestRows(join(folder), engine).openStore(SEARCH_STORE))
  let account = 0
  const property = fc.asyncProperty(
    documents,
    fc.array(query, { minLength: 1, maxLength: 5 }),
    async (found, asked) => {
      const mine = { ...key, account: `u_${account++}` }
      const add = (store: ReadStore) =>
        store.transaction(async (writer) => {
          for (const [at, { sender, recipient, subject, body, attachment }] of found.entries()) {
            const item = account * 100 + at
            const envelope = { from: [person(sender)], to: [person(recipient)], cc: [], bcc: [], subject }
            await addDocuments(writer, [
              {
                key: mine,
                document: {
                  ...{ item, placement: item, mailbox: 'inbox', received: item, conversation: '' },
                  ...{ attachments: [attachment], body },
                  envelope: envelope as never,
                },
              },
            ])
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
        const [one, other] = await Promise.all(open.map((store) => findItems(store, mine, search)))
        assert.deepEqual(other, one, said)
      }
    },
  )
  await fc.assert(property, { numRuns: 60 })
})
