/** A subject says when its message was handed in: whoever finds it knows how long it took, in whatever process. */
export const stampedSubject = (n: number, date: number): string =>
  `Load ${n} at ${Math.round(date * TENTHS).toString(36)}`

/** Milliseconds since 1970; undefined: it is another message. */
export const stampOf = (subject: string): number | undefined => {
  const tenths = /^Load \d{1,12} at ([0-9a-z]{8,10})$/.exec(subject)?.[1]
  return tenths === undefined ? undefined : Number.parseInt(tenths, 36) / TENTHS
}

const TENTHS = 10
