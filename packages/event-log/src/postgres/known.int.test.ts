import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { commitOf } from '../contract/commits.ts'
import { openFor, ownSchema, startForTests } from './postgres.fixture.ts'

const started = await startForTests()
const skip = 'missing' in started ? started.missing : false
const server = 'server' in started ? started.server : (undefined as never)

/** What a new connection asks before it is used. */
const QUESTION = 'SELECT last FROM log'

/** A way to the server on which the next answer to a question waits. */
class AnswerHeld {
  /** Resolves when the server has answered and nobody was told. */
  readonly answered: Promise<void>
  readonly #answered = Promise.withResolvers<void>()
  #isNext = true
  #release: () => void = () => {}

  constructor() {
    this.answered = this.#answered.promise
  }

  release(): void {
    this.#release()
  }

  /** Passes all on but the answer that comes after the first such question on any connection. */
  join(client: Socket, toServer: Socket): void {
    let isHeld = false
    client.on('data', (chunk: Buffer) => {
      if (this.#isNext && chunk.includes(QUESTION)) {
        isHeld = true
        this.#isNext = false
      }
      toServer.write(chunk)
    })
    toServer.on('data', (chunk: Buffer) => {
      if (!isHeld) return void client.write(chunk)
      isHeld = false
      toServer.pause()
      this.#release = () => {
        client.write(chunk)
        toServer.resume()
      }
      this.#answered.resolve()
    })
  }
}

type Way = { readonly port: number; holdNext(): AnswerHeld }

const wayTo = async (context: TestContext, port: number): Promise<Way> => {
  let held: AnswerHeld | undefined
  const sockets = new Set<Socket>()
  const listener = createServer((client) => {
    const toServer = connect(port, '127.0.0.1')
    for (const [one, other] of [
      [client, toServer],
      [toServer, client],
    ] as const) {
      sockets.add(one)
      one.on('error', () => {})
      one.on('close', () => other.destroy())
    }
    if (held) held.join(client, toServer)
    else client.pipe(toServer).pipe(client)
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  context.after(() => {
    for (const socket of sockets) socket.destroy()
    listener.close()
  })
  return {
    port: (listener.address() as AddressInfo).port,
    holdNext: () => {
      held = new AnswerHeld()
      return held
    },
  }
}

test('a commit that comes while a new connection waits for the answer which the last one is, is not taken for lost', {
  skip,
}, async (context) => {
  const way = await wayTo(context, server.connection.port)
  const connection = { ...server.connection, port: way.port }
  const log = await openFor(context, connection, { schema: ownSchema() })
  await log.append(commitOf())
  const answer = way.holdNext()
  const head = log.head({})
  await answer.answered
  const { position } = await log.append(commitOf())
  answer.release()
  assert.equal(await head, position)
})
