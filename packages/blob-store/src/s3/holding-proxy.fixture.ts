import {
  createServer,
  type IncomingMessage,
  type RequestOptions,
  request,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

type Told = { readonly method: string; readonly path: string }
type Matches = (told: Told) => boolean

/** A request that came and wasn't passed on yet. */
export type Held = {
  /** Resolves when it came. */
  readonly came: Promise<void>
  release(): void
}

/** A way to a server on which requests can be held, lose their answers, or have them cut. */
export type HoldingProxy = {
  readonly endpoint: string
  /** Every request that came: `GET /bucket/key?query`. */
  readonly seen: readonly string[]
  /** Holds the next request that matches. */
  hold(matches: Matches): Held
  /** Ends the connection after so many bytes of the next answer that matches. */
  cutAfter(bytes: number, matches: Matches): void
  /** Answers the next request that matches by itself. */
  answer(status: number, body: string, matches: Matches): void
}

type Fault = { readonly matches: Matches; meet(incoming: IncomingMessage, outgoing: ServerResponse): void }

export const startHoldingProxy = async (target: number, context: TestContext): Promise<HoldingProxy> => {
  const seen: string[] = []
  const faults: Fault[] = []
  const server = createServer((incoming, outgoing) => {
    const told = { method: incoming.method ?? '', path: incoming.url ?? '' }
    seen.push(`${told.method} ${told.path}`)
    const at = faults.findIndex(({ matches }) => matches(told))
    if (at < 0) pass(target, incoming, outgoing)
    else faults.splice(at, 1)[0]!.meet(incoming, outgoing)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    hold: (matches) => {
      const came = Promise.withResolvers<void>()
      const released = Promise.withResolvers<void>()
      const meet = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
        came.resolve()
        await released.promise
        pass(target, incoming, outgoing)
      }
      faults.push({ matches, meet })
      return { came: came.promise, release: released.resolve }
    },
    cutAfter: (bytes, matches) => {
      faults.push({ matches, meet: (incoming, outgoing) => pass(target, incoming, outgoing, bytes) })
    },
    answer: (status, body, matches) => {
      faults.push({
        matches,
        meet: (incoming, outgoing) => answerAlone(incoming, outgoing, { status, body }),
      })
    },
  }
}

const answerAlone = (
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { status, body }: { status: number; body: string },
) => {
  incoming.resume()
  incoming.on('end', () => outgoing.writeHead(status, { 'content-type': 'application/xml' }).end(body))
}

const pass = (target: number, incoming: IncomingMessage, outgoing: ServerResponse, cutAfter?: number) => {
  const { method, url, headers } = incoming
  const options = { port: target, host: '127.0.0.1', method, path: url, headers } as RequestOptions
  const onward = request(options, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
    if (cutAfter === undefined) answer.pipe(outgoing)
    else passSome(answer, outgoing, cutAfter)
  })
  onward.on('error', () => outgoing.destroy())
  incoming.pipe(onward)
}

const passSome = (answer: IncomingMessage, outgoing: ServerResponse, bytes: number) => {
  let left = bytes
  answer.on('data', (chunk: Buffer) => {
    const part = chunk.subarray(0, left)
    left -= part.length
    outgoing.write(part, () => left === 0 && outgoing.destroy())
  })
}
