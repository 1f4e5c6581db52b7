import { type Command, InvalidArgumentError } from 'commander'
import { createOutput } from '../output.ts'
import type { Surroundings } from '../session.ts'
import { sourcesOf } from '../top/sources.ts'
import { processRows, slowestRows, type Watched } from '../top/view.ts'
import { watch } from '../top/watch.ts'

type Options = {
  readonly once: boolean
  readonly interval: number
  readonly json: boolean
  readonly data: string
}

const SLOWEST = 10

const seconds = (text: string): number => {
  const value = Number(text)
  if (!(value >= 0.1 && value <= 3600)) throw new InvalidArgumentError('from 0.1 to 3600')
  return value
}

export const addTopCommand = (program: Command, { stdout, stderr }: Surroundings) =>
  program
    .command('top [urls...]')
    .description(
      'phones held, wakes and Syncs per second, lag, the slowest methods: live; of the /metrics given',
    )
    .option('--once', 'one look, and the end', false)
    .option('--interval <seconds>', 'between two looks', seconds, 2)
    .action(async (urls: string[], _options: object, command: Command) => {
      const { once, interval, json, data } = command.optsWithGlobals<Options>()
      for await (const watched of watch(sourcesOf(urls, data), interval * 1000)) {
        if (stdout.isTTY && !once && !json) stdout.write(HOME)
        show(watched, { json, stdout, stderr })
        if (once) return
      }
    })

/** To the upper left, and all below is gone. */
const HOME = '\u001b[H\u001b[J'

type Showing = Pick<Surroundings, 'stdout' | 'stderr'> & { readonly json: boolean }

const show = (watched: readonly Watched[], { json, stdout, stderr }: Showing): void => {
  const processes = processRows(watched)
  const slowest = slowestRows(watched, SLOWEST)
  if (json) return void stdout.write(`${JSON.stringify({ processes, slowest })}\n`)
  const output = createOutput(false, { stdout, stderr })
  output.rows(processes)
  stdout.write('\n')
  output.rows(slowest)
}
