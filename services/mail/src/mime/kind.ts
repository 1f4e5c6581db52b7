import type { Part } from '@relais/proto/mail/v1/message.ts'

/** What a message is for its readers, by content types alone. device-sync makes a MessageClass of it (MS-ASEMAIL 2.2.2.41). */
export type MessageKind =
  | 'note'
  /** Encrypted or signed in one opaque part (RFC 8551 §3.4.2, §3.3). */
  | 'smime'
  /** Signed beside the text (RFC 8551 §3.5.3). */
  | 'smime-signed'
  /** RFC 3464. */
  | 'report'
  /** RFC 8098. */
  | 'receipt'
  /** iTIP by mail (RFC 6047). */
  | 'meeting-request'
  | 'meeting-cancel'
  | 'meeting-reply'
  | 'meeting-counter'

const PKCS7_MIME = new Set(['application/pkcs7-mime', 'application/x-pkcs7-mime'])
const PKCS7_SIGNATURE = new Set(['application/pkcs7-signature', 'application/x-pkcs7-signature'])

const MEETINGS = new Map<string, MessageKind>(
  Object.entries({
    request: 'meeting-request',
    cancel: 'meeting-cancel',
    reply: 'meeting-reply',
    counter: 'meeting-counter',
  }),
)

const REPORTS = new Map<string, MessageKind>(
  Object.entries({
    'delivery-status': 'report',
    'disposition-notification': 'receipt',
  }),
)

/** The first calendar part with a method, outside of embedded messages. */
const calendarMethod = (part: Part): string => {
  if (part.type === 'text/calendar') return (part.parameters.method ?? '').toLowerCase()
  if (!part.type.startsWith('multipart/')) return ''
  for (const child of part.parts) {
    const method = calendarMethod(child)
    if (method !== '') return method
  }
  return ''
}

const isSigned = (part: Part): boolean =>
  part.type === 'multipart/signed' &&
  (PKCS7_SIGNATURE.has((part.parameters.protocol ?? '').toLowerCase()) ||
    PKCS7_SIGNATURE.has(part.parts[1]?.type ?? ''))

export const kindOf = (structure: Part): MessageKind => {
  if (PKCS7_MIME.has(structure.type)) return 'smime'
  if (isSigned(structure)) return 'smime-signed'
  if (structure.type === 'multipart/report') {
    const report = (structure.parameters['report-type'] ?? '').toLowerCase()
    return (
      REPORTS.get(report) ??
      (structure.parts.some(({ type }) => type === 'message/delivery-status') ? 'report' : 'note')
    )
  }
  return MEETINGS.get(calendarMethod(structure)) ?? 'note'
}
