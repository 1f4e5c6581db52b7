import type { Attachment } from '@relais/proto/mail/v1/mail.ts'
import type { Part } from '@relais/proto/mail/v1/message.ts'
import { type AttachedPart, bodyOf, type MessageBody } from './body-parts.ts'
import { extensionOf, safeFileName } from './file-name.ts'

const isMessage = ({ type }: Part): boolean => type === 'message/rfc822' || type === 'message/global'

/** Names by which readers of mail know these parts. */
const WELL_KNOWN = new Map<string, string>(
  Object.entries({
    'application/ms-tnef': 'winmail.dat',
    'application/pkcs7-mime': 'smime.p7m',
    'application/pkcs7-signature': 'smime.p7s',
    'application/x-pkcs7-mime': 'smime.p7m',
    'application/x-pkcs7-signature': 'smime.p7s',
    'message/delivery-status': 'delivery-status.txt',
    'text/calendar': 'invite.ics',
  }),
)

/** An embedded message's name ends in .eml: Android and Windows Phone open it by that alone. */
const messageName = (part: Part): string => {
  const name = safeFileName(part.filename) || safeFileName(part.subject) || 'message'
  return /\.eml$/i.test(name) ? name : safeFileName(`${name}.eml`)
}

/** The name to show and to save a part by. */
export const attachmentName = (part: Part): string => {
  if (isMessage(part)) return messageName(part)
  return (
    safeFileName(part.filename) ||
    WELL_KNOWN.get(part.type) ||
    `attachment-${part.id}${extensionOf(part.type)}`
  )
}

const attachmentOf = ({ part, inline }: AttachedPart): Attachment => ({
  part: part.id,
  name: attachmentName(part),
  type: part.type,
  method: isMessage(part) ? 'message' : 'normal',
  size: part.decodedSize,
  contentId: part.contentId,
  contentLocation: part.contentLocation,
  inline,
  clientId: '',
})

export const attachmentsOfBody = ({ attachments }: MessageBody): Attachment[] => attachments.map(attachmentOf)

/**
 * What of a message is no text to read, in order: files, inline images (`inline`, with their Content-ID), signatures, embedded messages
 * (method "message", name in .eml; what is inside of them isn't listed). Sizes are decoded octets.
 */
export const attachmentsOf = (structure: Part): Attachment[] => attachmentsOfBody(bodyOf(structure))
