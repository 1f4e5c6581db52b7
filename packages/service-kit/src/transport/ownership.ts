/**
 * Copies the bytes inside a message that `fromPartial` just made: it copies everything else, and over the wire neither
 * side sees what the other does to a buffer later.
 */
export const ownBytes = <T>(message: T): T => {
  if (typeof message === 'object' && message !== null) ownFields(message as Record<string, unknown>)
  return message
}

const ownFields = (fields: Record<string, unknown>): void => {
  for (const name in fields) {
    const value = fields[name]
    if (typeof value !== 'object' || value === null) continue
    if (value instanceof Uint8Array) fields[name] = new Uint8Array(value)
    else ownFields(value as Record<string, unknown>)
  }
}
