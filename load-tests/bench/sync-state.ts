import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StoredCommit } from '@relais/event-log'
import { openSqliteStore, type ReadStore } from '@relais/read-store'
import {
  advanceHeads,
  BOTTOM,
  type Cursor,
  createCollection,
  firstCursor,
  NOTHING_KNOWN,
  place,
  placementIndexes,
  placementSchema,
  TOP,
} from '@relais/sync-state'
import { answer } from '@relais/sync-state/answer/answer.ts'
import { NOTHING_APPLIED } from '@relais/sync-state/answer/knowledge.ts'
import { rowFeed } from '@relais/sync-state/feed.ts'
import { type Figure, median, percentile } from './figure.ts'

const SMALL = 100
const LARGE = 100_000
const ANSWERS = 2000
const PAGES = 200
const WINDOW = 100

/** A mailbox in real rows; its commits are numbered by hand, as no log is measured here. */
type Mailbox = { readonly store: ReadStore; readonly account: string; head: number }

const scopeOf = ({ account }: Mailbox) => ({ tenant: 't_1', account, collections: ['inbox'] })

const nextCommit = (mailbox: Mailbox): StoredCommit => {
  mailbox.head += 1
  return {
    position: mailbox.head,
    stream: { tenant: 't_1', account: mailbox.account, service: 'mail' },
    events: [],
    commandId: `c${mailbox.head}`,
    actor: { kind: 'service', id: 'mail-transport', device: '' },
    principal: mailbox.account,
    expected: undefined,
    causation: 0,
    correlation: '',
    traceparent: '',
    at: 1_764_000_000_000,
    collections: ['inbox'],
    syncKey: '',
  }
}

const deliver = (mailbox: Mailbox, count: number): Promise<void> =>
  mailbox.store.transaction(async (writer) => {
    for (let n = 0; n < count; n++) {
      const commit = nextCommit(mailbox)
      await place(writer, commit, 0, { collection: 'inbox', sortKey: 1_700_000_000 + mailbox.head })
      if (n === count - 1) await advanceHeads(writer, commit)
    }
  })

const makeMailbox = async (store: ReadStore, size: number): Promise<Mailbox> => {
  const mailbox = { store, account: `u_${size}`, head: 0 }
  const inbox = { id: 'inbox', kind: 'mailbox', parent: '', name: 'Inbox', role: 'inbox' }
  await store.transaction((writer) => createCollection(writer, nextCommit(mailbox), inbox))
  await deliver(mailbox, size)
  return mailbox
}

const cursorOf = ({ head }: Mailbox, edge = BOTTOM): Cursor => ({
  ...firstCursor(head, { epoch: 1, generation: 1, filter: 0, level: 2, view: 0 }),
  edge,
})

/** Milliseconds that an answer takes, and the cursor after it. */
const ask = async (mailbox: Mailbox, cursor: Cursor) => {
  const started = performance.now()
  const told = await mailbox.store.snapshot((reader) =>
    answer(rowFeed(reader, scopeOf(mailbox)), {
      ...{ device: 'd1', syncKey: 'k', cursor, list: NOTHING_KNOWN, filter: 0, floor: BOTTOM },
      ...{
        window: WINDOW,
        getChanges: true,
        applied: NOTHING_APPLIED,
        alsoWanted: new Set(),
        snapshot: mailbox.head,
      },
    }),
  )
  return { ms: performance.now() - started, cursor: told.cursor, count: told.operations.length }
}

const quiet = async (mailbox: Mailbox): Promise<number[]> => {
  const cursor = cursorOf(mailbox)
  const times: number[] = []
  for (let n = 0; n < ANSWERS; n++) times.push((await ask(mailbox, cursor)).ms)
  return times
}

const oneNew = async (mailbox: Mailbox): Promise<number[]> => {
  const times: number[] = []
  for (let n = 0; n < PAGES; n++) {
    const cursor = cursorOf(mailbox)
    await deliver(mailbox, 1)
    const { ms, count } = await ask(mailbox, cursor)
    if (count !== 1) throw new Error(`${count} messages were told, not one`)
    times.push(ms)
  }
  return times
}

const firstPage = async (mailbox: Mailbox): Promise<number[]> => {
  const times: number[] = []
  for (let n = 0; n < PAGES; n++) times.push((await ask(mailbox, cursorOf(mailbox, TOP))).ms)
  return times
}

/** Messages told each second by a first Sync in pages, without their contents. */
const walk = async (mailbox: Mailbox): Promise<number> => {
  let cursor = cursorOf(mailbox, TOP)
  let told = 0
  const started = performance.now()
  for (let page = 0; page < PAGES; page++) {
    const next = await ask(mailbox, cursor)
    cursor = next.cursor
    told += next.count
  }
  return (told / (performance.now() - started)) * 1000
}

/** The sync engine on real rows, without log, contents and HTTP. */
export const benchSyncState = async (): Promise<Figure[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-bench-sync-'))
  const store = await openSqliteStore({
    file: join(folder, 'rows.sqlite'),
    schema: [...placementSchema, ...placementIndexes],
    version: 1,
  })
  try {
    const small = await makeMailbox(store, SMALL)
    const large = await makeMailbox(store, LARGE)
    await quiet(small)
    const [few, many] = [await quiet(small), await quiet(large)]
    const news = await oneNew(large)
    const pages = await firstPage(large)
    return [
      { name: `answer without changes, ${SMALL} messages, p50`, value: median(few), unit: 'ms' },
      {
        name: `answer without changes, ${LARGE} messages, p50`,
        value: median(many),
        unit: 'ms',
        atMost: 0.5,
      },
      { name: `answer without changes, ${LARGE} messages, p99`, value: percentile(many, 99), unit: 'ms' },
      { name: `one new message among ${LARGE}, p50`, value: median(news), unit: 'ms', atMost: 1 },
      { name: `first page of ${WINDOW} among ${LARGE}, p50`, value: median(pages), unit: 'ms', atMost: 10 },
      {
        name: 'first Sync in pages, rows alone',
        value: await walk(large),
        unit: 'messages/s',
        atLeast: 10_000,
      },
    ]
  } finally {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
