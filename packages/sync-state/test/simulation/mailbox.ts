import type { StoredCommit } from '@relais/event-log'
import type { Reader, SqlValue } from '@relais/read-store'
import { placementId } from '../../src/placement.ts'
import { advanceHeads, createCollection, end, move, place, touch } from '../../src/placements.ts'
import { ACCOUNT, type Rows } from './rows.ts'

const DAY_MS = 24 * 3600 * 1000

/** A mailbox of any size in the real rows, made without a log: commits are numbered by hand. */
export class Mailbox {
  readonly tenant: string
  private readonly rows: Rows
  head = 0

  constructor(rows: Rows, tenant: string) {
    this.rows = rows
    this.tenant = tenant
  }

  get scope() {
    return { tenant: this.tenant, account: ACCOUNT, collections: ['inbox'] }
  }

  commit(change: Partial<StoredCommit> = {}): StoredCommit {
    return {
      position: ++this.head,
      stream: { tenant: this.tenant, account: ACCOUNT, service: 'mail' },
      events: [],
      commandId: `c${this.head}`,
      actor: { kind: 'service', id: 'test', device: '' },
      principal: ACCOUNT,
      expected: undefined,
      causation: 0,
      correlation: '',
      traceparent: '',
      at: DAY_MS,
      collections: ['inbox'],
      syncKey: '',
      ...change,
    }
  }

  async create(ids: readonly string[] = ['inbox', 'trash']) {
    const commit = this.commit({ collections: [] })
    await this.rows.transaction(async (writer) => {
      for (const id of ids)
        await createCollection(writer, commit, { id, kind: 'mailbox', parent: '', name: id, role: id })
    })
  }

  /** One message a commit, the first the oldest; answers with their ids. */
  async fill(count: number, sortKeyOf = (index: number) => index): Promise<number[]> {
    const ids: number[] = []
    await this.rows.transaction(async (writer) => {
      for (let index = 0; index < count; index++) {
        const commit = this.commit()
        ids.push(await place(writer, commit, 0, { collection: 'inbox', sortKey: sortKeyOf(index) }))
        if (index === count - 1) await advanceHeads(writer, commit)
      }
    })
    return ids
  }

  async touch(ids: readonly number[], change: Partial<StoredCommit> = {}) {
    const commit = this.commit(change)
    await this.rows.transaction(async (writer) => {
      for (const id of ids) await touch(writer, commit, id, { group: 'read', value: '1' })
    })
    return commit
  }

  async end(ids: readonly number[], change: Partial<StoredCommit> = {}) {
    const commit = this.commit(change)
    await this.rows.transaction(async (writer) => {
      for (const id of ids) await end(writer, commit, id)
    })
    return commit
  }

  async move(id: number, to: string, change: Partial<StoredCommit> = {}): Promise<number> {
    const commit = this.commit({ collections: ['inbox', to], ...change })
    await this.rows.transaction((writer) => move(writer, commit, 0, { placement: id, to }))
    return placementId(commit.position, 0)
  }
}

/** Counts what is read, and remembers the statements that read it. */
export class CountingReader implements Reader {
  readonly dialect = 'sqlite'
  private readonly reader: Reader
  rows = 0
  readonly statements = new Set<string>()

  constructor(reader: Reader) {
    this.reader = reader
  }

  async get<Row>(sql: string, ...params: SqlValue[]): Promise<Row | undefined> {
    this.statements.add(sql)
    this.rows++
    return this.reader.get<Row>(sql, ...params)
  }

  async all<Row>(sql: string, ...params: SqlValue[]): Promise<Row[]> {
    this.statements.add(sql)
    const rows = await this.reader.all<Row>(sql, ...params)
    this.rows += Math.max(1, rows.length)
    return rows
  }
}
