import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ServerSettings, unfitness } from './fitness.ts'

const FIT: ServerSettings = {
  version: 180004,
  encoding: 'UTF8',
  fsync: 'on',
  fullPageWrites: 'on',
  synchronousCommit: 'on',
}

test('a server with the defaults of PostgreSQL is fit', () => {
  assert.equal(unfitness(FIT, false), undefined)
})

test('every way of waiting for the disk is taken, with a standby or without', () => {
  for (const synchronousCommit of ['on', 'local', 'remote_write', 'remote_apply'])
    assert.equal(unfitness({ ...FIT, synchronousCommit }, false), undefined)
})

test('a setting that loses what was confirmed is named, and what to do about it', () => {
  for (const [key, name] of [
    ['fsync', 'fsync'],
    ['fullPageWrites', 'full_page_writes'],
    ['synchronousCommit', 'synchronous_commit'],
  ]) {
    const told = unfitness({ ...FIT, [key!]: 'off' }, false)
    assert.deepEqual([told?.code, told?.retryable], ['LOG_SERVER_UNFIT', false])
    assert.match(
      told!.message,
      new RegExp(`^${name} of the PostgreSQL server is off: set it to on, or set .allowUnsynced`),
    )
    assert.equal(unfitness({ ...FIT, [key!]: 'off' }, true), undefined)
  }
})

test('a server that is too old or keeps text in another encoding is refused, whatever is allowed', () => {
  assert.match(unfitness({ ...FIT, version: 130012 }, true)!.message, /PostgreSQL 14 or newer/)
  assert.match(
    unfitness({ ...FIT, encoding: 'SQL_ASCII' }, true)!.message,
    /SQL_ASCII, the event log needs UTF8/,
  )
})
