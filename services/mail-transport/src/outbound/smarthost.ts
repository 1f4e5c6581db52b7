import { Readable } from 'node:stream'
import type { BlobStore } from '@relais/blob-store'
import { createTransport } from 'nodemailer'
import type { QueueRow } from '../queries/queue.ts'
import type { Attempt } from './retry.ts'

export type SmarthostOptions = {
  readonly host: string
  readonly port: number
  /** True: TLS from the first byte; false: STARTTLS where offered. */
  readonly secure: boolean
  /** True: without TLS nothing is sent. */
  readonly requireTls: boolean
  readonly user?: string
  readonly password?: string
  /** Accept a certificate that can't be verified: only for a host on this machine. */
  readonly insecureCertificate?: boolean
  readonly maxConnections?: number
  /** Our name in EHLO. */
  readonly name: string
}

/** The one server through which mail leaves. Outcomes are per recipient. */
export type Smarthost = {
  /** Sends one message to those of its recipients; their attempts, in order. */
  send(rows: readonly QueueRow[]): Promise<readonly Attempt[]>
  close(): void
}

const TIMEOUT_MS = 300_000

export const createSmarthost = (options: SmarthostOptions, blobs: BlobStore): Smarthost => {
  const transport = createTransport({
    pool: true,
    maxConnections: options.maxConnections ?? 4,
    host: options.host,
    port: options.port,
    secure: options.secure,
    requireTLS: options.requireTls,
    name: options.name,
    ...(options.user === undefined ? {} : { auth: { user: options.user, pass: options.password ?? '' } }),
    ...(options.insecureCertificate === true ? { tls: { rejectUnauthorized: false } } : {}),
    connectionTimeout: 30_000,
    greetingTimeout: 60_000,
    socketTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return { send: (rows) => send(transport, blobs, rows), close: () => transport.close() }
}

type Transport = ReturnType<typeof createTransport>
type Rejection = { readonly recipient?: string; readonly responseCode?: number; readonly response?: string }

const send = async (
  transport: Transport,
  blobs: BlobStore,
  rows: readonly QueueRow[],
): Promise<readonly Attempt[]> => {
  const [first] = rows
  if (first === undefined) return []
  const envelope = { from: first.sender, to: rows.map(({ recipient }) => recipient) }
  try {
    const raw = Readable.from(blobs.stream(first.tenant, first.blob))
    const sent = await transport.sendMail({ envelope, raw })
    const rejections: Rejection[] = sent.rejectedErrors ?? []
    return rows.map(({ recipient }) => attemptOf(recipient, rejections, sent.response))
  } catch (error) {
    const rejections: Rejection[] = (error as { rejectedErrors?: Rejection[] }).rejectedErrors ?? []
    return rows.map(({ recipient }) =>
      failed(rejections.find((each) => each.recipient === recipient) ?? error),
    )
  }
}

const attemptOf = (recipient: string, rejections: readonly Rejection[], response: string): Attempt => {
  const rejection = rejections.find((each) => each.recipient === recipient)
  return rejection === undefined
    ? { outcome: 'delivered', route: 'smarthost', reply: oneLine(response) }
    : failed(rejection)
}

/** A reply of 5xx is for good; everything else, also a server that isn't there, may go away. */
const failed = (error: unknown): Attempt => {
  const { responseCode, response } = error as Rejection
  const reply = oneLine(response ?? `4.4.1 ${error instanceof Error ? error.message : 'no answer'}`)
  return { outcome: responseCode !== undefined && responseCode >= 500 ? 'refused' : 'not-now', reply }
}

const oneLine = (text: string) => text.replace(/[\r\n]+/g, ' ').slice(0, 400)
