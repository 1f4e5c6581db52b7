import type { ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

/** What a process that is to be killed says: `ready`, then each position whose rows it has seen. */
export const linesOf = (child: ChildProcessByStdio<null, Readable, null>) => {
  const positions: number[] = []
  const ready = Promise.withResolvers<void>()
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => (line === 'ready' ? ready.resolve() : positions.push(Number(line))))
  const ended = once(lines, 'close')
  const seen = (count: number) =>
    new Promise<void>((resolve) => {
      const look = () => positions.length >= count && resolve()
      lines.on('line', look)
      void ended.then(() => resolve())
      look()
    })
  return { positions, ready: ready.promise, seen, ended }
}
