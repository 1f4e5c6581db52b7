import { DatabaseSync } from 'node:sqlite'
import { parentPort } from 'node:worker_threads'
import type { WalFailure, WalReply, WalRequest } from './messages.ts'

// Copies pages from write-ahead logs into their databases, with the fsyncs that takes, so that no thread that serves
// ever does. A log begins anew only in the short step for which its writer holds still; then this thread writes the
// first frame, for whoever writes a new log's first frame has to sync it.

type Kept = { readonly database: DatabaseSync; pin: DatabaseSync | undefined }

/** For a read of the serving thread to end. The writer holds still meanwhile, so who reads on costs this attempt. */
const BUSY_TIMEOUT_MS = 10

/** Copying needs next to none; an index is sorted in as much. */
const CACHE_KIB = 512
const WRITE_CACHE_KIB = 16_384

const kept = new Map<number, Kept>()

const open = ({ id, path }: WalRequest): Kept => {
  const known = kept.get(id)
  if (known) return known
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS })
  database.exec(`PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-${CACHE_KIB}`)
  const one: Kept = { database, pin: undefined }
  kept.set(id, one)
  return one
}

const unpin = (one: Kept) => {
  one.pin?.close()
  one.pin = undefined
}

// The open read keeps the writer from beginning the log anew, which would cost that thread an fsync.
const copy = (request: WalRequest) => {
  const one = open(request)
  one.pin = new DatabaseSync(request.path, { readOnly: true })
  one.pin.exec('BEGIN; SELECT restarts FROM relais_wal')
  one.database.exec('PRAGMA wal_checkpoint(PASSIVE)')
}

const restart = (request: WalRequest) => {
  const one = open(request)
  unpin(one)
  const result = one.database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()
  if (result?.busy === 0) one.database.exec('UPDATE relais_wal SET restarts = restarts + 1')
}

const write = (request: WalRequest) => {
  const { database } = open(request)
  database.exec(`PRAGMA cache_size=-${WRITE_CACHE_KIB}; BEGIN IMMEDIATE`)
  try {
    for (const statement of request.statements ?? []) database.exec(statement)
    database.exec('COMMIT')
  } finally {
    if (database.isTransaction) database.exec('ROLLBACK')
    database.exec(`PRAGMA cache_size=-${CACHE_KIB}; PRAGMA shrink_memory`)
  }
}

const close = (request: WalRequest) => {
  const one = open(request)
  kept.delete(request.id)
  unpin(one)
  one.database.close()
}

const STEPS: Readonly<Record<WalRequest['kind'], (request: WalRequest) => void>> = {
  copy,
  restart,
  write,
  open,
  close,
}

const told = (error: unknown): WalFailure =>
  error instanceof Error
    ? { message: error.message, errcode: (error as { errcode?: number }).errcode }
    : { message: String(error) }

const failureOf = (request: WalRequest): WalFailure | undefined => {
  try {
    STEPS[request.kind](request)
    return undefined
  } catch (error) {
    const one = kept.get(request.id)
    if (one) unpin(one)
    return told(error)
  }
}

parentPort?.on('message', (request: WalRequest) => {
  const reply: WalReply = { kind: request.kind, id: request.id, failure: failureOf(request) }
  parentPort?.postMessage(reply)
})
