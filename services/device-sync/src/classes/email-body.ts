import { isUtf8 } from 'node:buffer'
import type { Attachment, Body, Message } from '@relais/proto/mail/v1/mail.ts'
import { el, Utf8Text, type WbxmlNode } from '../wbxml/node.ts'
import { fileReferenceOf } from './server-id.ts'

const typeCodes: Readonly<Record<string, number>> = { plain: 1, html: 2, mime: 4 }

/** Of a body's type; plain where it says nothing. */
export const typeCode = (type: string): number => typeCodes[type] ?? 1

/** A raw message in another charset than UTF-8 can't be STR_I as it is; read as Latin-1 nothing of its structure is lost. */
const asUtf8 = (bytes: Uint8Array): Uint8Array =>
  isUtf8(bytes) ? bytes : Buffer.from(Buffer.from(bytes).toString('latin1'), 'utf8')

/** What a client sees of a message that couldn't be read, instead of nothing. */
const stubText = (defect: string): string =>
  `This message could not be displayed: ${defect}\r\nIts original is attached, where it could be kept.\r\n`

const stub = (defect: string): Body => {
  const data = Buffer.from(stubText(defect), 'utf8')
  return { type: 'plain', estimatedSize: data.length, truncated: false, data, preview: '' }
}

/** The body as it is shown: a message with a defect and without one says why. */
export const bodyOf = ({ body, defect }: Message): Body | undefined =>
  defect !== '' && (body?.data === undefined || body.data.length === 0) ? stub(defect) : body

/** MS-ASAIRS 2.2.2.9: Type, EstimatedDataSize, Truncated, Data, Preview, Part, in this order. `part`: Data goes there. */
export const bodyElement = (body: Body, part?: number): WbxmlNode =>
  el('airsyncbase:Body', [
    el('airsyncbase:Type', typeCode(body.type)),
    el('airsyncbase:EstimatedDataSize', body.estimatedSize),
    body.truncated && el('airsyncbase:Truncated', true),
    part === undefined && body.data !== undefined && el('airsyncbase:Data', new Utf8Text(asUtf8(body.data))),
    body.preview !== '' && el('airsyncbase:Preview', body.preview),
    part !== undefined && el('itemoperations:Part', part),
  ])

const NORMAL = 1
const EMBEDDED = 5

/** Android and Windows Phone open an embedded message by its suffix. */
const attachmentName = ({ name, method }: Attachment): string => {
  const known = name || 'attachment'
  return method === 'message' && !/\.eml$/i.test(known) ? `${known}.eml` : known
}

const attachmentElement = (placement: number, attachment: Attachment): WbxmlNode => {
  const { part, method, size, contentId, contentLocation, inline } = attachment
  return el('airsyncbase:Attachment', [
    el('airsyncbase:DisplayName', attachmentName(attachment)),
    el('airsyncbase:FileReference', fileReferenceOf({ placement, part })),
    el('airsyncbase:Method', method === 'message' ? EMBEDDED : NORMAL),
    el('airsyncbase:EstimatedDataSize', size),
    contentId !== '' && el('airsyncbase:ContentId', contentId),
    contentLocation !== '' && el('airsyncbase:ContentLocation', contentLocation),
    inline && el('airsyncbase:IsInline', true),
  ])
}

/** MS-ASAIRS 2.2.2.8; undefined where there is none. */
export const attachmentsElement = ({ placement, attachments }: Message): WbxmlNode | undefined =>
  attachments.length === 0
    ? undefined
    : el(
        'airsyncbase:Attachments',
        attachments.map((attachment) => attachmentElement(placement, attachment)),
      )
