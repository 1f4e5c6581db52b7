import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import {
  byKind,
  faultsIn,
  newPiece,
  type Piece,
  readSeries,
  totalOf,
  withRound,
  writeSeries,
} from './series-results.ts'

const done = { mails: 10, uncertain: 2, turns: 5, deeds: 4, accounts: 3 }
const jetstream = newPiece({ seed: 7, log: 'jetstream' })
const postgres = newPiece({ seed: 8, log: 'postgres' })

const played = (piece: Piece, ...rounds: readonly Piece['faults'][]): Piece =>
  rounds.reduce((sum, faults) => withRound(sum, { faults, done }), piece)

test('a piece counts what its judged rounds made, and has been cut off until it says how it ended', () => {
  const piece = played(jetstream, { 'kill nats-1': 2, 'cut answers to phones': 1 }, { 'kill nats-1': 3 })
  assert.deepEqual(piece, {
    seed: 7,
    log: 'jetstream',
    rounds: 2,
    faults: { 'cut answers to phones': 1, 'kill nats-1': 5 },
    mails: 20,
    uncertain: 4,
    end: 'cut off',
  })
})

test('a piece without a judged round counts nothing, however it ended', () => {
  assert.equal(totalOf(faultsIn([{ ...jetstream, end: 'a mail was acknowledged and is missing' }])), 0)
})

describe('a series', () => {
  const series = [
    played(jetstream, { 'kill nats-1': 2, 'kill all storage': 1 }),
    played(postgres, { 'kill postgres': 4, 'jump clock of mail': 5 }),
    played(jetstream, { 'kill nats-1': 1 }),
  ]

  test('sums its pieces, by victim and by kind', () => {
    assert.deepEqual(faultsIn(series), {
      'jump clock of mail': 5,
      'kill all storage': 1,
      'kill nats-1': 3,
      'kill postgres': 4,
    })
    assert.deepEqual(byKind(faultsIn(series)), { jump: 5, kill: 8 })
    assert.equal(totalOf(faultsIn(series)), 13)
  })

  test('tells apart where the log was', () => {
    assert.equal(totalOf(faultsIn(series, 'jetstream')), 4)
    assert.equal(totalOf(faultsIn(series, 'postgres')), 9)
  })

  test('is read as it was written, and begins where there is no file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'relais-series-'))
    try {
      const file = join(folder, 'series.json')
      assert.deepEqual(readSeries(file), [])
      writeSeries(file, series)
      writeSeries(file, [...series, postgres])
      assert.deepEqual(readSeries(file), [...series, postgres])
      assert.deepEqual(readdirSync(folder), ['series.json'])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
