import type { DraftAttachment, DraftBody } from '@relais/proto/mail/v1/mail.ts'
import { DraftContent } from '@relais/proto/mail/v1/mail.ts'
import type { TagName } from '../wbxml/code-pages.ts'
import { ValueError } from '../wbxml/errors.ts'
import type { WbxmlNode } from '../wbxml/node.ts'
import {
  boolChild,
  bytesOf,
  child,
  childrenOf,
  intChild,
  intOf,
  requiredText,
  textChild,
  textOf,
} from '../wbxml/read.ts'
import { MAX_LIST } from './addresses.ts'
import { type EmailChange, isEmailChange, readEmailChange } from './email-change.ts'
import { parseFileReference } from './server-id.ts'

export type WrittenDraft = {
  /** Undefined: nothing of its content is said. */
  readonly draft: DraftContent | undefined
  readonly change: EmailChange
  /** email2:Send: it goes. */
  readonly send: boolean
}

type Written = { -readonly [Name in keyof DraftContent]?: DraftContent[Name] }

const MAX_BCC = 1024
const MAX_SUBJECT = 4096
const MAX_ATTACHMENTS = 500
const MAX_NAME = 1024
const IMPORTANCES = ['low', 'normal', 'high'] as const
/** RTF is none that a draft can be written in. */
const BODY_TYPES: Readonly<Record<number, string>> = { 1: 'plain', 2: 'html', 4: 'mime' }

const text =
  (name: keyof Written, max: number) =>
  (node: WbxmlNode): Written => ({ [name]: textOf(node, max) })

const bodyIn = (node: WbxmlNode): DraftBody => {
  const type = BODY_TYPES[intChild(node, 'airsyncbase:Type') ?? 0]
  if (type === undefined) throw new ValueError('airsyncbase:Type', 'is none that a draft can have')
  const data = child(node, 'airsyncbase:Data')
  return { type, data: data ? bytesOf(data) : new Uint8Array(0) }
}

/** OPAQUE as it is; as a text it is base64. */
const contentIn = (node: WbxmlNode): Uint8Array => {
  const content = child(node, 'airsyncbase:Content')
  if (!content) throw new ValueError('airsyncbase:Content', 'is missing')
  return content.content instanceof Uint8Array
    ? content.content
    : Buffer.from(textOf(content, Number.POSITIVE_INFINITY), 'base64')
}

const attachmentIn = (node: WbxmlNode): DraftAttachment => ({
  clientId: requiredText(node, 'airsyncbase:ClientId', { max: 64 }),
  name: textChild(node, 'airsyncbase:DisplayName', { max: MAX_NAME }) ?? '',
  type: textChild(node, 'airsyncbase:ContentType', { max: 255 }) ?? '',
  contentId: textChild(node, 'airsyncbase:ContentId', { max: 255 }) ?? '',
  contentLocation: textChild(node, 'airsyncbase:ContentLocation', { max: 1024 }) ?? '',
  inline: boolChild(node, 'airsyncbase:IsInline') ?? false,
  data: contentIn(node),
})

const detachedIn = (node: WbxmlNode): string => {
  const file = parseFileReference(requiredText(node, 'airsyncbase:FileReference', { max: 256 }))
  if (!file) throw new ValueError('airsyncbase:FileReference', 'never was one of ours')
  return file.part
}

const attachmentsIn = (node: WbxmlNode): Written => {
  const attached: DraftAttachment[] = []
  const detached: string[] = []
  for (const one of childrenOf(node)) {
    if (one.tag === 'airsyncbase:Add') attached.push(attachmentIn(one))
    else if (one.tag === 'airsyncbase:Delete') detached.push(detachedIn(one))
    else throw new ValueError(one.tag, "isn't how attachments of a draft are changed")
  }
  if (attached.length + detached.length > MAX_ATTACHMENTS)
    throw new ValueError(node.tag, `has more than ${MAX_ATTACHMENTS}`)
  return { attached, detached }
}

const importanceIn = (node: WbxmlNode): Written => ({ importance: IMPORTANCES[intOf(node, { max: 2 })] })

const readers: ReadonlyMap<TagName, (node: WbxmlNode) => Written> = new Map([
  ['email:To', text('to', MAX_LIST)],
  ['email:Cc', text('cc', MAX_LIST)],
  ['email2:Bcc', text('bcc', MAX_BCC)],
  ['email:ReplyTo', text('replyTo', MAX_LIST)],
  ['email:From', text('from', MAX_LIST)],
  ['email:Subject', text('subject', MAX_SUBJECT)],
  ['email:Importance', importanceIn],
  ['airsyncbase:Body', (node: WbxmlNode): Written => ({ body: bodyIn(node) })],
  ['airsyncbase:Attachments', attachmentsIn],
])

/** What follows from the rest, or is what a message is anyway: some clients give it back. */
const IDLE: ReadonlySet<TagName> = new Set<TagName>([
  'email:MessageClass',
  'email:ContentClass',
  'email:InternetCPID',
  'email:ThreadTopic',
  'email:DisplayTo',
  'airsyncbase:NativeBodyType',
])

const SEND: TagName = 'email2:Send'

/** MS-ASEMAIL 3.1.5: a body in MIME says all that a message's fields say. */
const requireOneForm = (written: Written): void => {
  if (written.body?.type === 'mime' && Object.keys(written).length > 1)
    throw new ValueError('airsyncbase:Body', 'is the whole message, and yet its parts are said')
}

const isContent = ({ tag }: WbxmlNode): boolean => readers.has(tag)

const contentOf = (nodes: readonly WbxmlNode[]): DraftContent | undefined => {
  if (nodes.length === 0) return undefined
  const written: Written = Object.assign({}, ...nodes.map((node) => readers.get(node.tag)?.(node)))
  requireOneForm(written)
  return DraftContent.fromPartial(written)
}

/**
 * ApplicationData of an Add or Change in the drafts (MS-ASEMAIL, from 16.0 on): what is absent stays as it is. Errors: INVALID_VALUE,
 * also for everything that a client can't write (item Status 6).
 */
export const readDraft = (applicationData: WbxmlNode): WrittenDraft => {
  const nodes = childrenOf(applicationData).filter(({ tag }) => !IDLE.has(tag) && tag !== SEND)
  const rest = nodes.filter((node) => !isContent(node))
  const stranger = rest.find((node) => !isEmailChange(node))
  if (stranger) throw new ValueError(stranger.tag, "can't be written")
  return {
    draft: contentOf(nodes.filter(isContent)),
    change: readEmailChange({ tag: applicationData.tag, content: rest }),
    send: child(applicationData, SEND) !== undefined,
  }
}
