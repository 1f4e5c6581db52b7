/** Where in which trace: what a traceparent says (W3C Trace Context 3.2). */
export type TraceContext = {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** Of the span that caused what follows: 16 hexadecimal digits. */
  readonly spanId: string
  /** Whether the trace is recorded. */
  readonly sampled: boolean
}

/** Version 00 has exactly so many characters; what a later version appends isn't read. */
const LENGTH = 55
const VERSION_00 = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/
const LATER = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-|$)/

/** A traceparent of a later version may be longer; nothing is read beyond this many characters. */
const MAX_LENGTH = 512

const NO_TRACE = '0'.repeat(32)
const NO_SPAN = '0'.repeat(16)

/** Undefined: it is none by W3C Trace Context 3.2.2, or says nothing (identifiers of zeros). */
export const parseTraceparent = (text: string | undefined): TraceContext | undefined => {
  if (text === undefined || text.length < LENGTH || text.length > MAX_LENGTH) return undefined
  const found = (text.startsWith('00') ? VERSION_00 : LATER).exec(text)
  const [, traceId = NO_TRACE, spanId = NO_SPAN, flags = '00'] = found ?? []
  if (traceId === NO_TRACE || spanId === NO_SPAN) return undefined
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

/** As version 00. */
export const formatTraceparent = ({ traceId, spanId, sampled }: TraceContext): string =>
  `00-${traceId}-${spanId}-0${sampled ? 1 : 0}`

/** The same as version 00, or '' where it is none: what was read is never passed on as it came. */
export const canonicalTraceparent = (text: string | undefined): string => {
  const context = parseTraceparent(text)
  return context === undefined ? '' : formatTraceparent(context)
}
