import type { MessageType } from './definition.ts'

/**
 * A whole copy of a message, with defaults for what it lacks: what its sender changes afterwards, its receiver doesn't see.
 * Streams need it over gRPC too: grpc-js serialises a message when it comes to it.
 */
export const copyOf = (type: MessageType, message: unknown): unknown => {
  const copy = type.fromPartial(message)
  ownBytes(copy as Record<string, unknown>)
  return copy
}

/** {@link copyOf}, of every message as it is read. */
export async function* copiesOf(
  type: MessageType,
  messages: AsyncIterable<unknown>,
): AsyncGenerator<unknown, void> {
  for await (const message of messages) yield copyOf(type, message)
}

/** `fromPartial` copies everything but bytes. */
const ownBytes = (fields: Record<string, unknown>): void => {
  for (const name in fields) {
    const value = fields[name]
    if (typeof value !== 'object' || value === null) continue
    if (value instanceof Uint8Array) fields[name] = new Uint8Array(value)
    else ownBytes(value as Record<string, unknown>)
  }
}
