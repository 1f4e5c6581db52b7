// node --import 'file:///…/inside.ts?file=FILE': what tests need inside of a process. FILE (JSON of Told) says how its wall clock is set, and asks.
// Timers and performance.now() go on as they do when a machine's clock is set.
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** What a process is told: by how many milliseconds its clock is off; and a question's number, which it answers once. */
export type Told = { readonly offsetMs: number; readonly question: number }

/** What it answers, into `FILE.answer`: what it holds after all that nobody refers to was thrown away. */
export type Answer = {
  readonly question: number
  readonly heapMiB: number
  /** Of process.getActiveResourcesInfo(): each who waits has one. */
  readonly timers: number
}

const file = new URL(import.meta.url).searchParams.get('file')

/** A jump, or a question, is noticed within this time. */
const LOOK_EVERY_MS = 20

const told = (): Told => {
  try {
    return JSON.parse(readFileSync(`${file}`, 'utf8')) as Told
  } catch {
    return { offsetMs: 0, question: 0 } // it was told nothing yet
  }
}

const answer = (question: number): void => {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  const heapMiB = process.memoryUsage().heapUsed / 2 ** 20
  const timers = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
  writeFileSync(`${file}.new`, JSON.stringify({ question, heapMiB, timers } satisfies Answer))
  renameSync(`${file}.new`, `${file}.answer`)
}

const begin = (): void => {
  let { offsetMs, question: answered } = told()
  const look = (): void => {
    const now = told()
    offsetMs = now.offsetMs
    if (now.question === answered) return
    answered = now.question
    answer(answered)
  }
  setInterval(look, LOOK_EVERY_MS).unref()
  const real = Date.now
  Date.now = () => real() + offsetMs
  globalThis.Date = new Proxy(Date, {
    construct: (target, values, asked) =>
      Reflect.construct(target, values.length === 0 ? [real() + offsetMs] : values, asked),
    apply: (target) => new target(real() + offsetMs).toString(),
  })
}

if (file !== null) begin()
