/** Where a test says what to do when it is over: its context, or `{ after }` of node:test for a whole suite. */
export type TestScope = { after(fn: () => void | Promise<void>): void }

/** Closes what it was given when the test or suite is over, the last first. */
export const cleanUp = (after: TestScope['after']) => {
  const closing: (() => void | Promise<void>)[] = []
  after(async () => {
    for (const close of closing.reverse()) await close()
  })
  return {
    add: <T>({ value, close }: { value: T; close: () => void | Promise<void> }): T => {
      closing.push(close)
      return value
    },
  }
}
