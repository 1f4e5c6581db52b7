/** LongId of a message that a search found: its item in base 36. Unlike a ServerId it stays where the message is moved. */
export const longIdOf = (item: number): string => `L${item.toString(36)}`

const LONG_ID = /^L([1-9a-z][0-9a-z]{0,10})$/

/** Item that a LongId names; undefined: it never was one of ours. */
export const itemOf = (longId: string): number | undefined => {
  const [, digits] = LONG_ID.exec(longId) ?? []
  const item = Number.parseInt(digits ?? '', 36)
  return Number.isSafeInteger(item) ? item : undefined
}
