import type { Socket } from 'node:net'

/**
 * Replies to commands that came together leave together (RFC 2920 section 3.2), in one packet and not in one each. A reply that waits for
 * something leaves those before it go.
 */
export const gatherReplies = (socket: Socket): void => {
  const write = socket.write
  let gathering = false
  const letGo = () => {
    gathering = false
    socket.uncork()
  }
  const gather = (...chunk: unknown[]): boolean => {
    if (!gathering) {
      gathering = true
      socket.cork()
      setImmediate(letGo)
    }
    return Reflect.apply(write, socket, chunk)
  }
  socket.write = gather
}
