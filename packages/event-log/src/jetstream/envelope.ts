import { headers, type MsgHdrs } from '@nats-io/transport-node'
import type { Stream } from '@relais/proto/common/v1/log.ts'
import { terminal } from '@relais/service-kit/errors.ts'
import type { NewCommit, Notice } from '../port.ts'
import { streamOf } from './subjects.ts'

/** Kept by the server with the message: the position of the stream's commit before it. */
const PREVIOUS = 'Nats-Expected-Last-Subject-Sequence'
const ENVELOPE = 'Relais-Commit'

/** Most that is told with a notice of collections, device and trace, in characters of JSON; beyond, whoever wants them reads the commit. */
const MAX_TOLD = 8 * 1024

/** What stands beside a commit's record, so that notices and the command index needn't read it. */
export type Envelope = {
  readonly stream: Stream
  readonly commandId: string
  /** Milliseconds since 1970 by the log's clock, when it was appended. */
  readonly appended: number
  /** Which call of `append` wrote it. */
  readonly attempt: string
  readonly device: string
  /** '' where it is in no trace. */
  readonly traceparent: string
  /** Absent where that, the device and the trace are too long to be told. */
  readonly collections?: readonly string[]
}

/** What every message of a log tells without its record. */
export type Told = Envelope & { readonly previous: number }

export const envelopeOf = (commit: NewCommit, appended: number, attempt: string): Envelope => ({
  stream: commit.stream,
  commandId: commit.commandId,
  appended,
  attempt,
  device: commit.actor.device,
  traceparent: commit.traceparent ?? '',
  collections: commit.collections ?? [],
})

/** A header holds one line of ASCII. */
const asciiJson = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

type Written = {
  readonly id: string
  readonly at: number
  readonly try: string
  readonly dev?: string
  readonly tp?: string
  /** 0: this, the device and the trace stand in the record only. */
  readonly col?: readonly string[] | 0
  /** The names, where the subject has only a hash of one. */
  readonly names?: readonly [string, string, string]
}

export const headersOf = (envelope: Envelope, subject: string, previous: number): MsgHdrs => {
  const { stream, commandId, appended, attempt } = envelope
  const written: Written = {
    id: commandId,
    at: appended,
    try: attempt,
    ...noticed(envelope),
    ...(!streamOf(subject) && { names: [stream.tenant, stream.account, stream.service] }),
  }
  const made = headers()
  made.set(PREVIOUS, String(previous))
  made.set(ENVELOPE, asciiJson(written))
  return made
}

/** What only a notice needs. */
const noticed = ({
  device,
  traceparent,
  collections = [],
}: Envelope): Pick<Written, 'dev' | 'tp' | 'col'> => {
  const told = {
    ...(device && { dev: device }),
    ...(traceparent && { tp: traceparent }),
    ...(collections.length > 0 && { col: collections }),
  }
  return asciiJson(told).length > MAX_TOLD ? { col: 0 } : told
}

/** Errors: LOG_DAMAGED (terminal) where the message isn't one of ours. */
export const toldBy = (subject: string, given: MsgHdrs | undefined): Told => {
  const told = given && parse(subject, given)
  if (!told) throw terminal('LOG_DAMAGED', 'a message in the log is no commit')
  return told
}

const parse = (subject: string, given: MsgHdrs): Told | undefined => {
  const written = parseJson(given.get(ENVELOPE))
  const previous = Number(given.get(PREVIOUS))
  if (!isWritten(written) || !Number.isSafeInteger(previous)) return undefined
  const stream = written.names ? named(written.names) : streamOf(subject)
  if (!stream) return undefined
  return {
    stream,
    commandId: written.id,
    appended: written.at,
    attempt: written.try,
    device: written.dev ?? '',
    traceparent: written.tp ?? '',
    previous,
    ...(written.col !== 0 && { collections: written.col ?? [] }),
  }
}

const named = ([tenant, account, service]: readonly [string, string, string]): Stream => ({
  tenant,
  account,
  service,
})

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isStrings = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((entry) => typeof entry === 'string')

const isWritten = (value: unknown): value is Written => {
  const { id, at, try: attempt, dev = '', tp = '', col = [], names } = (value ?? {}) as Partial<Written>
  return (
    typeof id === 'string' &&
    typeof at === 'number' &&
    typeof attempt === 'string' &&
    typeof dev === 'string' &&
    typeof tp === 'string' &&
    (col === 0 || isStrings(col)) &&
    (names === undefined || (isStrings(names) && names.length === 3))
  )
}

/** The notice of a commit; undefined where its collections stand in its record only. */
export const noticeOf = (position: number, envelope: Envelope): Notice | undefined => {
  const { stream, device, traceparent, appended, collections } = envelope
  return (
    collections && {
      position,
      tenant: stream.tenant,
      account: stream.account,
      service: stream.service,
      collections,
      device,
      traceparent,
      at: appended,
    }
  )
}
