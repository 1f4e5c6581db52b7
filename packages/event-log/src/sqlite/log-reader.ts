import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { decodeCommit } from '../commit-record.ts'
import type { PageLimit } from '../feed.ts'
import type { CommitFilter, FollowBatch, StoredCommit } from '../port.ts'

/** Bytes of records after which a page ends, however many commits were asked for. */
const PAGE_BYTES = 2 * 1024 * 1024

type Index = {
  readonly records: StatementSync
  readonly positions: StatementSync
  readonly head: StatementSync
}

/** Commits of one kind in order of position: one range of an index, or the table itself. */
type Range = { readonly index: Index; readonly key: readonly number[] }

type Span = Required<PageLimit> & { readonly after: number }

/** Reads the file on the calling thread. What it sees is durable: WAL shows a commit to readers after its sync. */
export class LogReader {
  readonly #db: DatabaseSync
  readonly #all: Index
  readonly #byStream: Index
  readonly #byTenant: Index
  readonly #byService: Index
  readonly #one: StatementSync
  readonly #numbers: Numbers

  constructor(db: DatabaseSync) {
    this.#db = db
    this.#all = indexOn(db, RANGES.all)
    this.#byStream = indexOn(db, RANGES.stream)
    this.#byTenant = indexOn(db, RANGES.tenant)
    this.#byService = indexOn(db, RANGES.service)
    this.#one = db.prepare('SELECT record FROM commits WHERE position = ?')
    this.#numbers = new Numbers(db)
  }

  /** The next commits that match; `caughtUp`: these are all there are up to `upTo`. */
  page(filter: CommitFilter, after: number, limit: PageLimit): FollowBatch {
    const span = { after, upTo: Number.MAX_SAFE_INTEGER, ...limit }
    const ranges = this.#ranges(filter)
    if (ranges.length === 0) return { commits: [], caughtUp: true }
    return ranges.length === 1
      ? pageOfRange(ranges[0]!, span)
      : this.#snapshot(() => this.#merge(ranges, span))
  }

  /** Position of the last commit that matches, 0 if there is none. One look-up for each range. */
  head(filter: CommitFilter): number {
    let head = 0
    for (const { index, key } of this.#ranges(filter)) {
      head = Math.max(head, Number(index.head.get(...key)?.position ?? 0))
    }
    return head
  }

  /** A few ranges cover every filter: an account has a stream, and a tenant a range, for each service. */
  #ranges({ tenant, account, service }: CommitFilter): Range[] {
    if (account !== undefined) {
      const streams = this.#numbers.streams({ tenant, account, service })
      return streams.map((stream) => ({ index: this.#byStream, key: [stream] }))
    }
    if (tenant !== undefined) return this.#rangesOfTenant(tenant, service)
    if (service === undefined) return [{ index: this.#all, key: [] }]
    return this.#numbers.services(service).map((key) => ({ index: this.#byService, key: [key] }))
  }

  #rangesOfTenant(tenant: string, service: string | undefined): Range[] {
    const number = this.#numbers.tenant(tenant)
    if (number === undefined) return []
    return this.#numbers.services(service).map((key) => ({ index: this.#byTenant, key: [number, key] }))
  }

  /** Positions first, from the indexes alone; then only the records that are on the page. */
  #merge(ranges: readonly Range[], span: Span): FollowBatch {
    const found = ranges.flatMap(({ index, key }) => numbersOf(index.positions.all(...key, ...bounds(span))))
    const page = new Page(span.batch)
    for (const position of found.sort((a, b) => a - b).slice(0, span.batch)) {
      page.add(position, this.#one.get(position)!.record as Uint8Array)
      if (page.full) break
    }
    return page.batch()
  }

  #snapshot<T>(read: () => T): T {
    this.#db.exec('BEGIN')
    try {
      return read()
    } finally {
      if (this.#db.isTransaction) this.#db.exec('COMMIT')
    }
  }
}

/** Names to the numbers that stand for them in the file. */
class Numbers {
  readonly #tenant: StatementSync
  readonly #service: StatementSync
  readonly #services: StatementSync
  readonly #streams: StatementSync

  constructor(db: DatabaseSync) {
    this.#tenant = asArrays(db.prepare('SELECT id FROM tenants WHERE name = ?'))
    this.#service = asArrays(db.prepare('SELECT id FROM services WHERE name = ?'))
    this.#services = asArrays(db.prepare('SELECT id FROM services'))
    this.#streams = asArrays(
      db.prepare(`
        SELECT s.id FROM streams s JOIN tenants t ON t.id = s.tenant JOIN services v ON v.id = s.service
        WHERE s.account = ? AND t.name = coalesce(?, t.name) AND v.name = coalesce(?, v.name)`),
    )
  }

  tenant(name: string): number | undefined {
    return numbersOf(this.#tenant.all(name))[0]
  }

  services(name: string | undefined): number[] {
    return numbersOf(name === undefined ? this.#services.all() : this.#service.all(name))
  }

  streams({ tenant, account, service }: CommitFilter & { account: string }): number[] {
    return numbersOf(this.#streams.all(account, tenant ?? null, service ?? null))
  }
}

/** Collects commits until there are enough, or enough bytes. */
class Page {
  readonly #commits: StoredCommit[] = []
  readonly #batch: number
  #bytes = 0

  constructor(batch: number) {
    this.#batch = batch
  }

  get full(): boolean {
    return this.#bytes >= PAGE_BYTES || this.#commits.length >= this.#batch
  }

  add(position: number, record: Uint8Array) {
    this.#commits.push(decodeCommit(position, record))
    this.#bytes += record.length
  }

  batch(): FollowBatch {
    return { commits: this.#commits, caughtUp: !this.full }
  }
}

const pageOfRange = ({ index, key }: Range, span: Span): FollowBatch => {
  const page = new Page(span.batch)
  for (const row of index.records.iterate(...key, ...bounds(span)) as Iterable<unknown>) {
    const [position, record] = row as [number, Uint8Array]
    page.add(position, record)
    if (page.full) break
  }
  return page.batch()
}

/** Conditions that choose one range each: every one is the beginning of an index (schema.ts). */
export const RANGES = {
  all: '',
  stream: 'stream = ? AND',
  tenant: 'tenant = ? AND service = ? AND',
  service: 'service = ? AND',
} as const

type Condition = (typeof RANGES)[keyof typeof RANGES]

export const pageSql = (columns: string, condition: Condition) =>
  `SELECT ${columns} FROM commits WHERE ${condition} position > ? AND position <= ? ORDER BY position LIMIT ?`

export const headSql = (condition: Condition) =>
  `SELECT position FROM commits WHERE ${condition} TRUE ORDER BY position DESC LIMIT 1`

const indexOn = (db: DatabaseSync, condition: Condition): Index => ({
  records: asArrays(db.prepare(pageSql('position, record', condition))),
  positions: asArrays(db.prepare(pageSql('position', condition))),
  head: db.prepare(headSql(condition)),
})

const bounds = ({ after, upTo, batch }: Span) => [after, upTo, batch]

const asArrays = (statement: StatementSync) => {
  statement.setReturnArrays(true)
  return statement
}

const numbersOf = (rows: unknown): number[] => (rows as [number][]).map(([number]) => number)
