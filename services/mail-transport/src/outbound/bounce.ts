import type { BlobStore } from '@relais/blob-store'
import { type HandOverDeps, handOver } from '../inbound/hand-over.ts'
import { date, returnPathField } from '../inbound/trace.ts'
import type { QueueRow } from '../queries/queue.ts'

export type Failure = { readonly row: QueueRow; readonly reply: string }

export type BounceDeps = HandOverDeps & {
  readonly blobs: BlobStore
  readonly clock: () => number
  readonly serverName: string
}

const HEADER_LIMIT = 64 * 1024

/** Tells the sender of a submission which of its recipients have failed; a repeat is the same notification. */
export const notifySender = async (failures: readonly Failure[], deps: BounceDeps): Promise<void> => {
  const [first] = failures
  if (first === undefined || first.row.sender === '') return
  const { row } = first
  const original = await originalHeader(row, deps.blobs)
  const text = bounceMessage({ failures, original, serverName: deps.serverName, at: deps.clock() })
  const [problem] = await handOver(
    {
      sender: '',
      recipients: [{ address: row.sender, tenant: row.tenant, account: row.account }],
      message: chunks(returnPathField('') + text),
      receivedAt: deps.clock(),
      commandId: `bounce:${row.submission}:${failures.map((failure) => failure.row.recipient).join(',')}`,
    },
    deps,
  )
  if (problem !== undefined) throw problem
}

async function* chunks(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

const originalHeader = async (row: QueueRow, blobs: BlobStore): Promise<string> => {
  const beginning = await blobs.get(row.tenant, row.blob, {
    offset: 0,
    length: Math.min(row.size, HEADER_LIMIT),
  })
  const text = Buffer.from(beginning).toString('utf8')
  return text.slice(0, /\r?\n\r?\n/.exec(text)?.index ?? 0)
}

export type BounceFacts = {
  readonly failures: readonly Failure[]
  /** Header of the message that failed, without the empty line. */
  readonly original: string
  readonly serverName: string
  /** Milliseconds since 1970. */
  readonly at: number
}

/** A delivery status notification: RFC 3464 in a multipart/report (RFC 6522). */
export const bounceMessage = ({ failures, original, serverName, at }: BounceFacts): string => {
  const [first] = failures
  const id = `${first?.row.submission ?? 0}.${at}@${serverName}`
  const boundary = `=_report.${first?.row.submission ?? 0}.${at}`
  return [
    `From: Mail Delivery <postmaster@${serverName}>`,
    `To: <${first?.row.sender ?? ''}>`,
    'Subject: Undelivered mail returned to sender',
    `Date: ${date(at)}`,
    `Message-ID: <bounce.${id}>`,
    `In-Reply-To: ${first?.row.messageId ?? ''}`,
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type=delivery-status; boundary="${boundary}"`,
    '',
    `--${boundary}`,
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
    '',
    'Your message could not be delivered to:',
    '',
    ...failures.map(({ row, reply }) => `  ${row.recipient}\r\n    ${reply}`),
    '',
    'It is not tried any more.',
    '',
    `--${boundary}`,
    'Content-Type: message/delivery-status',
    '',
    `Reporting-MTA: dns; ${serverName}`,
    '',
    ...failures.flatMap(statusFields),
    `--${boundary}`,
    'Content-Type: text/rfc822-headers; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
    '',
    original.replaceAll(`--${boundary}`, ''),
    '',
    `--${boundary}--`,
    '',
  ].join('\r\n')
}

const statusFields = ({ row, reply }: Failure) => [
  `Final-Recipient: rfc822; ${row.recipient}`,
  'Action: failed',
  `Status: ${/\b[245]\.\d{1,3}\.\d{1,3}\b/.exec(reply)?.[0].replace(/^[24]/, '5') ?? '5.0.0'}`,
  `Diagnostic-Code: smtp; ${reply}`,
  '',
]
