import type { DatabaseSync, StatementSync } from 'node:sqlite'

export type StreamNumber = { readonly stream: number; readonly tenant: number; readonly service: number }

type Names = { readonly tenant: string; readonly account: string; readonly service: string }

/** Streams whose number is kept in memory (about 200 bytes each); beyond, all are looked up again. */
const MAX_KNOWN = 50_000

/** The numbers that stand for names in the file; gives new ones inside the writer's transaction. */
export class StreamNumbers {
  readonly #known = new Map<string, StreamNumber>()
  readonly #tenants: NameNumbers
  readonly #services: NameNumbers
  readonly #findStream: StatementSync
  readonly #addStream: StatementSync

  constructor(db: DatabaseSync) {
    this.#tenants = new NameNumbers(db, 'tenants')
    this.#services = new NameNumbers(db, 'services')
    this.#findStream = db.prepare('SELECT id FROM streams WHERE account = ? AND tenant = ? AND service = ?')
    this.#addStream = db.prepare('INSERT INTO streams (account, tenant, service) VALUES (?, ?, ?)')
  }

  of({ tenant, account, service }: Names): StreamNumber {
    const key = `${tenant}\n${account}\n${service}`
    const known = this.#known.get(key)
    if (known) return known
    const found = this.#lookUp({ tenant, account, service })
    if (this.#known.size >= MAX_KNOWN) this.#known.clear()
    this.#known.set(key, found)
    return found
  }

  /** After a rollback or a purge: what is in memory may not be in the file. */
  clear() {
    this.#known.clear()
  }

  #lookUp(names: Names): StreamNumber {
    const tenant = this.#tenants.of(names.tenant)
    const service = this.#services.of(names.service)
    const stream =
      this.#findStream.get(names.account, tenant, service)?.id ??
      this.#addStream.run(names.account, tenant, service).lastInsertRowid
    return { stream: Number(stream), tenant, service }
  }
}

class NameNumbers {
  readonly #find: StatementSync
  readonly #add: StatementSync

  constructor(db: DatabaseSync, table: 'tenants' | 'services') {
    this.#find = db.prepare(`SELECT id FROM ${table} WHERE name = ?`)
    this.#add = db.prepare(`INSERT INTO ${table} (name) VALUES (?)`)
  }

  of(name: string): number {
    return Number(this.#find.get(name)?.id ?? this.#add.run(name).lastInsertRowid)
  }
}
