import type { Server, Socket } from 'node:net'

/** Who has said nothing for so long hasn't begun TLS: Node's own limit on the handshake runs from then on. */
const SILENT_MS = 30_000

/**
 * Bytes handed to TLS at first. Node gives a connection a buffer as large as the first piece that it is handed, at least 1 KiB, and keeps
 * it for good; filled to the last byte it would get another one of 16 KiB.
 */
const FIRST_PIECE = 1000

/**
 * Lets TLS begin with what a client has said already. By itself Node reads the first bytes of a connection into a buffer of 64 KiB, which a
 * phone that waits for an hour keeps. Connections that have said nothing yet are `silence`d when the server ends.
 */
export const beginWithFirstWords = (server: Server, silentMs = SILENT_MS): { silence(): void } => {
  const [begin] = server.listeners('connection') as [(socket: Socket) => void]
  const silent = new Set<Socket>()
  server.off('connection', begin)
  server.on('connection', (socket) => {
    silent.add(socket)
    new Beginning(socket, silentMs, (spoke) => {
      silent.delete(socket)
      if (spoke) begin.call(server, socket)
      else socket.destroy()
    })
  })
  return { silence: () => silent.forEach((socket) => void socket.destroy()) }
}

/** Waits for a client's first bytes. */
class Beginning {
  readonly #socket: Socket
  readonly #over: (spoke: boolean) => void

  constructor(socket: Socket, silentMs: number, over: (spoke: boolean) => void) {
    this.#socket = socket
    this.#over = over
    socket.on('readable', this.#heard).on('error', this.#gone).on('close', this.#gone)
    socket.setTimeout(silentMs, this.#gone)
  }

  /** The end of the stream is readable too. */
  readonly #heard = () => this.#end(this.#socket.readableLength > 0)

  readonly #gone = () => this.#end(false)

  #end(spoke: boolean): void {
    const socket = this.#socket
    socket.off('readable', this.#heard).off('close', this.#gone).off('timeout', this.#gone).setTimeout(0)
    if (spoke) {
      socket.off('error', this.#gone)
      readInPieces(socket)
    }
    this.#over(spoke)
  }
}

/** TLS takes what was read before with `read()`, until there is no more. */
const readInPieces = (socket: Socket): void => {
  const { read } = socket
  socket.read = (size = Math.min(FIRST_PIECE, socket.readableLength) || undefined) => read.call(socket, size)
}
