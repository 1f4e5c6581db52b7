import type { Appended, EventLog, NewCommit, StoredCommit } from '@relais/event-log'
import type { Gathered, Reader, ReadModel, SqlValue, Sum, Writer } from '../port.ts'

/** The read model of the contract's tests: every note of an account as a row, and how many there are. */
const schema = [
  `CREATE TABLE entry (tenant TEXT NOT NULL, account TEXT NOT NULL, position INTEGER NOT NULL, ordinal INTEGER NOT NULL,
    note TEXT NOT NULL, PRIMARY KEY (tenant, account, position, ordinal))`,
  `CREATE TABLE tally (tenant TEXT NOT NULL, account TEXT NOT NULL, notes INTEGER NOT NULL, last INTEGER NOT NULL,
    PRIMARY KEY (tenant, account))`,
]

const readingIndexes = ['CREATE INDEX IF NOT EXISTS entry_by_note ON entry (tenant, account, note)']

const INSERT = 'INSERT INTO entry (tenant, account, position, ordinal, note) VALUES (?, ?, ?, ?, ?)'
const COUNT = `INSERT INTO tally (tenant, account, notes, last) VALUES (?, ?, ?, ?)
  ON CONFLICT (tenant, account) DO UPDATE SET notes = tally.notes + excluded.notes, last = excluded.last`

const noteOf = (payload: Uint8Array) => Buffer.from(payload).toString('utf8')

/** Throws after it has written rows. */
export const POISON = 'poison'

/** How many notes of an account came in a transaction. */
class Tally implements Sum {
  readonly #stream: StoredCommit['stream']
  #notes = 0
  #last = 0

  constructor(stream: StoredCommit['stream']) {
    this.#stream = stream
  }

  add(position: number): void {
    this.#notes += 1
    this.#last = position
  }

  async write(writer: Writer): Promise<void> {
    const { tenant, account } = this.#stream
    await writer.run(COUNT, tenant, account, this.#notes, this.#last)
  }
}

const writeNotes = async (writer: Writer, commit: StoredCommit, gathered: Gathered): Promise<void> => {
  const { stream, events, position } = commit
  const tally = gathered.of(`${stream.tenant}/${stream.account}`, () => new Tally(stream))
  for (const [ordinal, event] of events.entries()) {
    const note = noteOf(event.payload)
    await writer.run(INSERT, stream.tenant, stream.account, position, ordinal, note)
    tally.add(position)
    if (note === POISON) throw new Error('this note can not be projected')
  }
}

export const ledger = (overrides: Partial<ReadModel> = {}): ReadModel => ({
  name: 'ledger',
  version: 1,
  schema,
  readingIndexes,
  service: 'notes',
  project: writeNotes,
  ...overrides,
})

let made = 0

export type NoteOptions = {
  readonly tenant?: string
  readonly account?: string
  readonly service?: string
  readonly expected?: number
}

/** A commit of one event for each note. */
export const commitOf = (notes: readonly string[], options: NoteOptions = {}): NewCommit => {
  const { tenant = 'acme', account = 'mike', service = 'notes', expected } = options
  made += 1
  return {
    stream: { tenant, account, service },
    events: notes.map((note) => ({ type: 'Noted', version: 1, payload: Buffer.from(note) })),
    commandId: `note-${made}`,
    actor: { kind: 'account', id: account, device: '' },
    principal: account,
    at: 1_764_000_000_000 + made,
    ...(expected === undefined ? {} : { expected }),
  }
}

/** Appends a commit of one note; returns its position. */
export const note = async (log: EventLog, text: string, options?: NoteOptions): Promise<number> =>
  (await log.append(commitOf([text], options))).position

/** Appends commits of one note each, all at once; returns the last position. */
export const noteAll = async (log: EventLog, texts: readonly string[], options?: NoteOptions) => {
  const appended: Appended[] = await Promise.all(texts.map((text) => log.append(commitOf([text], options))))
  return Math.max(...appended.map(({ position }) => position))
}

const NOTES = 'SELECT note FROM entry WHERE tenant = ? AND account = ? ORDER BY position, ordinal'

export const notesOf = async (reader: Reader, account = 'mike', tenant = 'acme'): Promise<string[]> => {
  const rows = await reader.all<{ note: string }>(NOTES, tenant, account)
  return rows.map((row) => row.note)
}

/** What one value answers, whatever its column is called. */
export const scalar = async (
  reader: Reader,
  sql: string,
  ...params: SqlValue[]
): Promise<SqlValue | undefined> => {
  const row = await reader.get<Record<string, SqlValue>>(sql, ...params)
  return row && Object.values(row)[0]
}

/** Whole numbers from 0. */
export const range = (count: number): number[] => Array.from({ length: count }, (_, at) => at)

export const texts = (count: number, prefix = 'note'): string[] => range(count).map((at) => `${prefix} ${at}`)

/** A moment far enough away that no test gets there. */
export const soon = () => Date.now() + 120_000
