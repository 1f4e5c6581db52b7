import { isUtf8 } from 'node:buffer'
import type { Attachment, Body, Message } from '@relais/proto/mail/v1/mail.ts'
import { el, type StreamedContent, Utf8Text, type WbxmlNode } from '../wbxml/node.ts'
import { fileReferenceOf, namedPart } from './server-id.ts'

const typeCodes: Readonly<Record<string, number>> = { plain: 1, html: 2, mime: 4 }

/** Of a body's type; plain where it says nothing. */
export const typeCode = (type: string): number => typeCodes[type] ?? 1

/** A raw message in another charset than UTF-8 can't be STR_I as it is; read as Latin-1 nothing of its structure is lost. */
export const carried = (bytes: Uint8Array): Uint8Array =>
  isUtf8(bytes) ? bytes : Buffer.from(Buffer.from(bytes).toString('latin1'), 'utf8')

/** What a client sees of a message that couldn't be read, instead of nothing. */
const stubText = (defect: string): string =>
  `This message could not be displayed: ${defect}\r\nIts original is attached, where it could be kept.\r\n`

const ALL_THERE = { streamLength: 0, deferredLength: 0, unmade: false }

const stub = (defect: string): Body => {
  const data = Buffer.from(stubText(defect), 'utf8')
  return { type: 'plain', estimatedSize: data.length, truncated: false, data, preview: '', ...ALL_THERE }
}

/** The body as it is shown: a message with a defect and without one says why. */
export const bodyOf = ({ body, defect }: Message): Body | undefined =>
  defect !== '' && (body?.data === undefined || body.data.length === 0) ? stub(defect) : body

/** `part`: Data goes there; `streamed`: it is read while it is sent. */
export type BodyPlace = { readonly part?: number; readonly streamed?: StreamedContent }

const dataElement = (data: Uint8Array | undefined, streamed: StreamedContent | undefined) =>
  (streamed ?? data) !== undefined && el('airsyncbase:Data', streamed ?? new Utf8Text(carried(data!)))

/** MS-ASAIRS 2.2.2.9: Type, EstimatedDataSize, Truncated, Data, Preview, Part, in this order. */
export const bodyElement = (body: Body, { part, streamed }: BodyPlace = {}): WbxmlNode =>
  el('airsyncbase:Body', [
    el('airsyncbase:Type', typeCode(body.type)),
    el('airsyncbase:EstimatedDataSize', body.estimatedSize),
    body.truncated && el('airsyncbase:Truncated', true),
    part === undefined && dataElement(body.data, streamed),
    body.preview !== '' && el('airsyncbase:Preview', body.preview),
    part !== undefined && el('itemoperations:Part', part),
  ])

/** Status of a part that is there, and of one that can't be made (MS-ASAIRS 2.2.2.41). */
const PART_OK = 1
const PART_UNMADE = 176

/** MS-ASAIRS 2.2.2.10: what a message adds to its conversation. */
export const bodyPartElement = (
  { type, estimatedSize, truncated, data, preview, unmade }: Body,
  streamed?: StreamedContent,
): WbxmlNode =>
  el('airsyncbase:BodyPart', [
    el('airsyncbase:Status', unmade ? PART_UNMADE : PART_OK),
    el('airsyncbase:Type', typeCode(type)),
    el('airsyncbase:EstimatedDataSize', estimatedSize),
    truncated && el('airsyncbase:Truncated', true),
    dataElement(data, streamed),
    preview !== '' && el('airsyncbase:Preview', preview),
  ])

const NORMAL = 1
const EMBEDDED = 5

/** Android and Windows Phone open an embedded message by its suffix. */
const attachmentName = ({ name, method }: Attachment): string => {
  const known = name || 'attachment'
  return method === 'message' && !/\.eml$/i.test(known) ? `${known}.eml` : known
}

type Owner = { readonly placement: number; readonly isDraft: boolean }

/** Parts of a draft are called by name: their numbers change when it is edited. */
const partOf = ({ isDraft }: Owner, { part, contentId }: Attachment): string =>
  (isDraft && namedPart(contentId)) || part

const attachmentElement = (owner: Owner, attachment: Attachment): WbxmlNode => {
  const { method, size, contentId, contentLocation, inline, clientId } = attachment
  return el('airsyncbase:Attachment', [
    clientId !== '' && el('airsyncbase:ClientId', clientId),
    el('airsyncbase:DisplayName', attachmentName(attachment)),
    el(
      'airsyncbase:FileReference',
      fileReferenceOf({ placement: owner.placement, part: partOf(owner, attachment) }),
    ),
    el('airsyncbase:Method', method === 'message' ? EMBEDDED : NORMAL),
    el('airsyncbase:EstimatedDataSize', size),
    contentId !== '' && el('airsyncbase:ContentId', contentId),
    contentLocation !== '' && el('airsyncbase:ContentLocation', contentLocation),
    inline && el('airsyncbase:IsInline', true),
  ])
}

const listElement = (owner: Owner, attachments: readonly Attachment[]): WbxmlNode | undefined =>
  attachments.length === 0
    ? undefined
    : el(
        'airsyncbase:Attachments',
        attachments.map((attachment) => attachmentElement(owner, attachment)),
      )

/** MS-ASAIRS 2.2.2.8; undefined where there is none. */
export const attachmentsElement = ({ placement, attachments, state }: Message): WbxmlNode | undefined =>
  listElement({ placement, isDraft: state?.draft ?? false }, attachments)

/** What a command has put into a draft, and how it is called from now on. */
export const attachedElement = (placement: number, attached: readonly Attachment[]): WbxmlNode | undefined =>
  listElement({ placement, isDraft: true }, attached)
