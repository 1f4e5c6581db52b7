import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer, Told } from './inside.ts'

/** The wall clock of one process. */
export type Clock = {
  readonly name: string
  /** From now on it is so many milliseconds beside the machine's. */
  jump(offsetMs: number): void
}

const ANSWER_MS = 20_000
const LOOK_EVERY_MS = 20

/** Processes of Node that were started with {@link Insides.nodeArguments}, by name. */
export class Insides {
  readonly #folder: string
  readonly #told = new Map<string, Told>()

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true })
    this.#folder = folder
  }

  nodeArguments(name: string): readonly string[] {
    const preloaded = new URL('./inside.ts', import.meta.url)
    preloaded.searchParams.set('file', this.#fileOf(name))
    return ['--import', preloaded.href]
  }

  clockOf(name: string): Clock {
    return { name: `clock of ${name}`, jump: (offsetMs) => void this.#tell(name, { offsetMs }) }
  }

  /** What the process holds; it collects its garbage for it. Errors: it doesn't answer. */
  async ask(name: string): Promise<Answer> {
    const { question } = this.#tell(name, { question: this.#toldTo(name).question + 1 })
    const deadline = performance.now() + ANSWER_MS
    for (;;) {
      const answer = this.#answerOf(name)
      if (answer?.question === question) return answer
      if (performance.now() > deadline) throw new Error(`${name} doesn't say what it holds`)
      await sleep(LOOK_EVERY_MS)
    }
  }

  #toldTo(name: string): Told {
    return this.#told.get(name) ?? { offsetMs: 0, question: 0 }
  }

  #tell(name: string, news: Partial<Told>): Told {
    const file = this.#fileOf(name)
    const told = { ...this.#toldTo(name), ...news }
    this.#told.set(name, told)
    writeFileSync(`${file}.new.told`, JSON.stringify(told))
    renameSync(`${file}.new.told`, file)
    return told
  }

  #answerOf(name: string): Answer | undefined {
    try {
      return JSON.parse(readFileSync(`${this.#fileOf(name)}.answer`, 'utf8')) as Answer
    } catch {
      return undefined // it hasn't answered yet
    }
  }

  #fileOf(name: string): string {
    return join(this.#folder, name)
  }
}
