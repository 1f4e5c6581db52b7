import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { FaultCounts, FaultedRun } from './faulted-run.ts'
import type { Done } from './round.ts'

/** Part of a series of faults that one run of the command made. Only rounds that were judged, and ended well, are counted. */
export type Piece = {
  readonly seed: number
  readonly log: FaultedRun['log']
  readonly rounds: number
  /** By kind and victim. */
  readonly faults: FaultCounts
  readonly mails: number
  readonly uncertain: number
  /** `well`; `cut off`: the command was ended; else the first thing that was wrong, in a round that isn't counted. */
  readonly end: string
}

/** A series of faults that goes on over ends of the command: its pieces, oldest first. */
export type Series = readonly Piece[]

export type JudgedRound = { readonly faults: FaultCounts; readonly done: Done }

export const newPiece = ({ seed, log }: Pick<FaultedRun, 'seed' | 'log'>): Piece => ({
  ...{ seed, log, rounds: 0, faults: {}, mails: 0, uncertain: 0 },
  end: 'cut off',
})

export const withRound = (piece: Piece, { faults, done }: JudgedRound): Piece => ({
  ...piece,
  rounds: piece.rounds + 1,
  faults: sumOf([piece.faults, faults]),
  mails: piece.mails + done.mails,
  uncertain: piece.uncertain + done.uncertain,
})

/** How often each fault was made in all of the series, on that log or on any. */
export const faultsIn = (series: Series, log?: FaultedRun['log']): FaultCounts =>
  sumOf(series.filter((piece) => log === undefined || piece.log === log).map(({ faults }) => faults))

/** Kills, pauses … without their victims. */
export const byKind = (faults: FaultCounts): FaultCounts =>
  sumOf(Object.entries(faults).map(([name, count]) => ({ [name.split(' ')[0] ?? '']: count })))

export const totalOf = (faults: FaultCounts): number =>
  Object.values(faults).reduce((sum, count) => sum + count, 0)

const sumOf = (all: readonly FaultCounts[]): FaultCounts => {
  const sum = new Map<string, number>()
  for (const [name, count] of all.flatMap((counts) => Object.entries(counts)))
    sum.set(name, (sum.get(name) ?? 0) + count)
  return Object.fromEntries([...sum].sort())
}

/** A file that isn't there is a series that has just begun. */
export const readSeries = (file: string): Series =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Series) : []

/** Whole, or not at all: the command may be ended at any moment. */
export const writeSeries = (file: string, series: Series): void => {
  writeFileSync(`${file}.new`, `${JSON.stringify(series, null, 1)}\n`)
  renameSync(`${file}.new`, file)
}
