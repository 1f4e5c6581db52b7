import { setImmediate as nextTurn } from 'node:timers/promises'
import type { BlobStore } from '@relais/blob-store'
import type { Projector, ReadStore, Writer } from '@relais/read-store'
import { MAIL_SERVICE } from '../events.ts'
import { SEARCH_TEXT } from '../ingest/ingest.ts'
import type { Process } from '../process/follow.ts'
import type { AccountKey } from '../queries/account.ts'
import { storedMessage } from '../queries/message.ts'
import { messageRowsOfItems } from '../queries/messages.ts'
import { type SearchChange, type SearchCommit, searchChanges } from './changes.ts'
import {
  addDocument,
  attachmentNames,
  moveDocument,
  removeAccount,
  removeDocument,
  type SearchDocument,
} from './documents.ts'

type IndexingDeps = {
  readonly store: ReadStore
  readonly projector: Projector
  readonly blobs: BlobStore
  readonly clock: () => number
}

/** Changes of one transaction: it holds the thread for some milliseconds, and push comes first. */
const AT_ONCE = 16
const ROWS_WITHIN_MS = 60_000

/** Follows the log and keeps the search index; never in the way of a delivery. */
export const indexing = (deps: IndexingDeps): Process => ({
  name: 'mail-search',
  filter: { service: MAIL_SERVICE },
  handle: async (commits) => {
    await deps.projector.waitFor(commits.at(-1)!.position, deps.clock() + ROWS_WITHIN_MS)
    for (const { key, changes } of commits.map(searchChanges)) await index(deps, { key, changes })
  },
})

const index = async (deps: IndexingDeps, { key, changes }: SearchCommit): Promise<void> => {
  for (let at = 0; at < changes.length; at += AT_ONCE) {
    const some = changes.slice(at, at + AT_ONCE)
    const documents = await documentsOf(deps, key, some)
    await deps.store.transaction((writer) => apply(writer, key, { changes: some, documents }))
    await nextTurn()
  }
  if (changes.some(({ type }) => type === 'erased')) await eraseAll(deps, key)
}

type Documents = ReadonlyMap<number, SearchDocument>

/** Texts of the items that are there still. What was deleted or moved since is so in rows: its later change finds nothing to do. */
const documentsOf = async (
  { projector, blobs }: IndexingDeps,
  key: AccountKey,
  changes: readonly SearchChange[],
): Promise<Documents> => {
  const items = changes.flatMap((change) => (change.type === 'added' ? [change.item] : []))
  const rows = await messageRowsOfItems(projector.store, key, items)
  const documents = rows.map(async (row) => {
    const { content } = storedMessage(row)
    const text = await blobs.getArtefact(key.tenant, content.blob, SEARCH_TEXT)
    const document: SearchDocument = {
      item: row.item,
      placement: row.placement,
      mailbox: row.mailbox,
      received: row.received,
      envelope: content.envelope,
      attachments: attachmentNames(content.structure),
      body: text ? Buffer.from(text).toString('utf8') : content.preview,
    }
    return [row.item, document] as const
  })
  return new Map(await Promise.all(documents))
}

type Applying = { readonly changes: readonly SearchChange[]; readonly documents: Documents }

const apply = async (writer: Writer, key: AccountKey, { changes, documents }: Applying): Promise<void> => {
  for (const change of changes) {
    if (change.type === 'added') {
      const document = documents.get(change.item)
      if (document) await addDocument(writer, key, document)
    } else if (change.type === 'moved') await moveDocument(writer, key, change)
    else if (change.type === 'removed') await removeDocument(writer, key, change.placement)
  }
}

const eraseAll = async ({ store }: IndexingDeps, key: AccountKey): Promise<void> => {
  while ((await store.transaction((writer) => removeAccount(writer, key, AT_ONCE))) === AT_ONCE)
    await nextTurn()
}
