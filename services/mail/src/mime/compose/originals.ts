import type { Part } from '@relais/proto/mail/v1/message.ts'
import { attachmentName } from '../attachments.ts'
import type { AttachedPart } from '../body-parts.ts'
import { kindOf } from '../kind.ts'
import type { ReadBytes } from '../open-part.ts'
import { parameter, readFields, withoutFields } from './entity-fields.ts'
import { base64Bytes, type Entity, rawBytes } from './pieces.ts'

/** True if a message can't be taken apart: S/MIME would break, a stub has no parts. */
export const isWhole = (structure: Part): boolean => {
  const kind = kindOf(structure)
  const isStub = structure.type === 'message/rfc822' && structure.headerStart === structure.bodyStart
  return kind === 'smime' || kind === 'smime-signed' || isStub
}

/** The message itself as an attachment (RFC 2046 §5.2.1: never in base64). */
export const embedded = (structure: Part, subject: string, read: ReadBytes): Entity => {
  const name = attachmentName({ ...structure, type: 'message/rfc822', filename: '', subject })
  return {
    fields: [
      `Content-Type: message/rfc822; ${parameter('name', name)}\r\n`,
      `Content-Disposition: attachment; ${parameter('filename', name)}\r\n`,
      'Content-Transfer-Encoding: 8bit\r\n',
    ],
    body: rawBytes(read, 0, structure.bodyEnd),
  }
}

/** Binary content doesn't pass SMTP (RFC 3030): it is encoded. */
const needsBase64 = ({ type, encoding }: Part): boolean =>
  encoding === 'binary' && !type.startsWith('message/')

/** A text that was attached by where it stood, not by its own word, would become part of the letter elsewhere. */
const needsDisposition = ({ type, disposition }: Part): boolean =>
  type.startsWith('text/') && disposition !== 'attachment'

const fieldsOf = (part: Part, content: readonly string[]): readonly string[] => {
  const encoded = needsBase64(part)
    ? [...withoutFields(content, ['content-transfer-encoding']), 'Content-Transfer-Encoding: base64\r\n']
    : content
  if (!needsDisposition(part)) return encoded
  const name = parameter('filename', attachmentName(part))
  return [...withoutFields(encoded, ['content-disposition']), `Content-Disposition: attachment; ${name}\r\n`]
}

/** A part of the original as it stands, its content byte for byte. */
export const attachedEntity = async ({ part }: AttachedPart, read: ReadBytes): Promise<Entity> => {
  const { content } = await readFields(read, part.headerStart, part.bodyStart)
  const copy = needsBase64(part) ? base64Bytes : rawBytes
  return { fields: fieldsOf(part, content), body: copy(read, part.bodyStart, part.bodyEnd) }
}
