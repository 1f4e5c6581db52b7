import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Projector, ReadStore, Writer } from '@relais/read-store'
import { MAIL_SERVICE } from '../events.ts'
import type { SearchTexts } from '../ingest/search-texts.ts'
import type { Process } from '../process/follow.ts'
import type { AccountKey } from '../queries/account.ts'
import { storedMessage } from '../queries/message.ts'
import { isTextMessage, type MessageRow, messageRows, messageRowsOfItems } from '../queries/messages.ts'
import { type SearchChange, searchChanges } from './changes.ts'
import {
  addDocuments,
  attachmentNames,
  moveDocument,
  removeAccount,
  removeDocument,
  type SearchDocument,
} from './documents.ts'

type IndexingDeps = {
  readonly store: ReadStore
  readonly projector: Projector
  readonly searchTexts: Pick<SearchTexts, 'of'>
  readonly clock: () => number
  /** How long arrivals are gathered: each transaction of the index costs as much as some documents. */
  readonly gatherMs: number
}

/**
 * Changes of one transaction. SQLite holds the thread for some milliseconds meanwhile, and push comes first. PostgreSQL doesn't, but each
 * transaction, and each account in it, is a question or more to it.
 */
const AT_ONCE = { sqlite: 16, postgresql: 64 } as const
const ROWS_WITHIN_MS = 60_000

/** Follows the log and keeps the search index; never in the way of a delivery. */
export const indexing = (deps: IndexingDeps): Process => ({
  name: 'mail-search',
  filter: { service: MAIL_SERVICE },
  restMs: deps.gatherMs,
  handle: async (commits) => {
    await deps.projector.waitFor(commits.at(-1)!.position, deps.clock() + ROWS_WITHIN_MS)
    const changes = commits.flatMap(searchChanges)
    const atOnce = AT_ONCE[deps.store.dialect]
    for (let at = 0; at < changes.length; at += atOnce) {
      await index(deps, changes.slice(at, at + atOnce))
      await nextTurn()
    }
  },
})

const index = async (deps: IndexingDeps, changes: readonly SearchChange[]): Promise<void> => {
  const documents = await documentsOf(deps, changes)
  await deps.store.transaction((writer) => apply(writer, { changes, documents }))
  for (const { type, key } of changes) if (type === 'erased') await eraseAll(deps, key)
}

type Documents = ReadonlyMap<number, SearchDocument>

/** Texts of the items that are there still. What was deleted or moved since is so in rows: its later change finds nothing to do. */
const documentsOf = async (deps: IndexingDeps, changes: readonly SearchChange[]): Promise<Documents> => {
  const withTexts = changes.filter((change) => change.type === 'added' || change.type === 'edited')
  const byAccount = Map.groupBy(withTexts, ({ key }) => `${key.tenant}/${key.account}`)
  const documents = [...byAccount.values()].map(async (some) => {
    const { key } = some[0]!
    const items = some.flatMap((change) => (change.type === 'added' ? [change.item] : []))
    const edited = some.flatMap((change) => (change.type === 'edited' ? [change.placement] : []))
    const { store } = deps.projector
    const rows = [
      ...(await messageRowsOfItems(store, key, items)),
      ...(await messageRows(store, key, edited)),
    ]
    return Promise.all(rows.map((row) => documentOf(deps, key, row)))
  })
  return new Map((await Promise.all(documents)).flat().map((document) => [document.item, document]))
}

const documentOf = async (
  { searchTexts }: IndexingDeps,
  { tenant }: AccountKey,
  row: MessageRow,
): Promise<SearchDocument> => {
  const { content } = storedMessage(row)
  const text = await searchTexts.of(tenant, { id: content.blob, size: content.size })
  return {
    item: row.item,
    placement: row.placement,
    mailbox: row.mailbox,
    received: row.received,
    conversation: Buffer.from(row.conversation).toString('hex'),
    envelope: content.envelope,
    attachments: attachmentNames(content.structure),
    body: text ? Buffer.from(text).toString('utf8') : content.preview,
    size: row.size,
    isTextMessage: isTextMessage(row),
  }
}

type Applying = { readonly changes: readonly SearchChange[]; readonly documents: Documents }

/** Additions first, the oldest before: FTS5 takes documents in ascending order at once, and flushes before each other one. */
const apply = async (writer: Writer, { changes, documents }: Applying): Promise<void> => {
  const added = changes.filter((change) => change.type === 'added')
  const received = ({ item }: { readonly item: number }) => documents.get(item)?.received ?? 0
  const adding = added
    .toSorted((a, b) => received(a) - received(b))
    .flatMap(({ item, key }) => {
      const document = documents.get(item)
      return document ? [{ key, document }] : []
    })
  await addDocuments(writer, adding)
  for (const change of changes) {
    if (change.type === 'moved') await moveDocument(writer, change.key, change)
    else if (change.type === 'edited') await replaceDocument(writer, change, documents)
    else if (change.type === 'removed') await removeDocument(writer, change.key, change.placement)
  }
}

/** Its words are those of now; where it is gone meanwhile, its removal follows. */
const replaceDocument = async (
  writer: Writer,
  { key, placement }: Extract<SearchChange, { type: 'edited' }>,
  documents: Documents,
): Promise<void> => {
  const document = [...documents.values()].find((one) => one.placement === placement)
  if (!document) return
  await removeDocument(writer, key, placement)
  await addDocuments(writer, [{ key, document }])
}

const eraseAll = async ({ store }: IndexingDeps, key: AccountKey): Promise<void> => {
  const atOnce = AT_ONCE[store.dialect]
  while ((await store.transaction((writer) => removeAccount(writer, key, atOnce))) === atOnce)
    await nextTurn()
}
