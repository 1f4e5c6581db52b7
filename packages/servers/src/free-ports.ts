import { randomInt } from 'node:crypto'
import { createServer, type Server } from 'node:net'

/** Below those that systems give to outgoing connections (Linux: from 32768): such a port would be gone before it is used. */
const LOWEST = 15_000
const HIGHEST = 32_000

/** No port is given twice by one process: who was given it may not listen yet. */
const given = new Set<number>()

/** As many different free ports of loopback. Somebody else may take one before it is used, which is unlikely: they are chosen at random. */
export const freePorts = async (count: number): Promise<number[]> => {
  const taken: { port: number; server: Server }[] = []
  while (taken.length < count) {
    const port = randomInt(LOWEST, HIGHEST)
    if (given.has(port)) continue
    given.add(port)
    const server = await listen(port)
    if (server !== undefined) taken.push({ port, server })
  }
  await Promise.all(taken.map(({ server }) => new Promise((resolve) => server.close(resolve))))
  return taken.map(({ port }) => port)
}

/** Undefined: somebody has it. */
const listen = (port: number): Promise<Server | undefined> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
