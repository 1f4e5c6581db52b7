import type { IncomingMessage } from 'node:http'
import { cancelled, terminal } from '@relais/service-kit'

const slow = () => terminal('BODY_TIMEOUT', 'the rest of the request body did not come')

/** Resolves when there may be something to read, or the end. */
const arrival = (request: IncomingMessage, idleMs: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const settle = (outcome: () => void) => () => {
      clearTimeout(timer)
      request.off('readable', more).off('end', more).off('close', gone)
      outcome()
    }
    const more = settle(resolve)
    const gone = settle(() => reject(cancelled()))
    const timer = setTimeout(
      settle(() => reject(slow())),
      idleMs,
    )
    request.on('readable', more).on('end', more).on('close', gone)
  })

/**
 * The request's body as it comes. Unlike the stream's own iterator it lets go at once when its reader stops, whatever is pending,
 * so that the rest can be drained. Errors: BODY_TIMEOUT, CANCELLED.
 */
export async function* requestChunks(request: IncomingMessage, idleMs: number): AsyncGenerator<Buffer, void> {
  for (;;) {
    const chunk = request.read() as Buffer | null
    if (chunk !== null) yield chunk
    else if (request.readableEnded) return
    else if (request.destroyed) throw cancelled()
    else await arrival(request, idleMs)
  }
}

/** What a client may still send after its answer, so that it reads it instead of seeing its connection reset. */
const DRAIN_BYTES = 128 * 1024 * 1024
const DRAIN_MS = 60_000

/** Reads what is left of a body and throws it away, within bounds. */
export const drain = (request: IncomingMessage): void => {
  const { socket } = request
  if (request.complete || socket.destroyed) return
  const cut = () => socket.destroy()
  const timer = setTimeout(cut, DRAIN_MS)
  const over = () => {
    clearTimeout(timer)
    socket.off('close', over)
  }
  let drained = 0
  // Not the request's own close: once it is answered, Node doesn't tell it that its connection has gone.
  socket.on('close', over)
  request.on('end', over)
  request.on('data', (chunk: Buffer) => {
    drained += chunk.length
    if (drained > DRAIN_BYTES) cut()
  })
  request.resume()
}
