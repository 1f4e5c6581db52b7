import type { Metadata } from 'nice-grpc'
import { cancelled } from '../errors.ts'
import type { MessageType, ServiceDefinition } from './definition.ts'

/**
 * How a handler tells a stream of requests that is whole from one that broke off. HTTP/2 in Node ends a stream before it
 * resets it, so a server may see an end where the caller gave up: half a mail would be taken for a whole one. Our clients
 * announce, and send after the last message, a mark: a message that has nothing but the highest field there can be.
 */
const MARK = Object.freeze({ endOfStream: true })
const MARK_BYTES = Uint8Array.of(0xf8, 0xff, 0xff, 0xff, 0x0f, 0x01)

/** Announces the mark. Callers that know nothing of it (grpcurl) are believed without. */
const ANNOUNCEMENT = 'relais-stream-end'

const isMark = (bytes: Uint8Array) =>
  bytes.length === MARK_BYTES.length && MARK_BYTES.every((byte, index) => byte === bytes[index])

const markable = (type: MessageType): MessageType => ({
  encode: (message) => (message === MARK ? { finish: () => MARK_BYTES } : type.encode(message)),
  decode: (bytes) => (isMark(bytes) ? MARK : type.decode(bytes)),
  fromPartial: (object) => (object === MARK ? MARK : type.fromPartial(object)),
})

/** The same service on the wire, where streams of requests may end with the mark. */
export const withStreamEnds = <Definition extends ServiceDefinition>(definition: Definition): Definition => ({
  ...definition,
  methods: Object.fromEntries(
    Object.entries(definition.methods).map(([name, method]) => [
      name,
      method.requestStream ? { ...method, requestType: markable(method.requestType as MessageType) } : method,
    ]),
  ),
})

/** The caller's half: the messages, then the mark. */
export async function* marked(messages: AsyncIterable<unknown>): AsyncGenerator<unknown, void> {
  yield* messages
  yield MARK
}

export const announceMark = (metadata: Metadata): void => {
  metadata.set(ANNOUNCEMENT, 'marked')
}

/** The handler's half: the messages without the mark; CANCELLED where it was announced and isn't there. */
export async function* whole(
  messages: AsyncIterable<unknown>,
  metadata: Metadata,
): AsyncGenerator<unknown, void> {
  for await (const message of messages) {
    if (message === MARK) return
    yield message
  }
  if (metadata.has(ANNOUNCEMENT)) throw cancelled()
}
