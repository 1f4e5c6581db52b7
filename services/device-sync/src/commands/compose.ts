import { createHash } from 'node:crypto'
import type { DeepPartial, MailClient, SubmitHeader, SubmitRequest } from '@relais/proto/mail/v1/mail.ts'
import type { CallExtras } from '@relais/service-kit'
import type { EasVersion } from '../wbxml/code-page.ts'
import type { TagName } from '../wbxml/code-pages.ts'
import { ValueError } from '../wbxml/errors.ts'
import type { WbxmlNode } from '../wbxml/node.ts'
import { boolChild, bytesOf, child, has, requiredText } from '../wbxml/read.ts'
import { type CommandAnswer, type CommandContext, emptyAnswer } from './command.ts'
import { StatusError } from './status-error.ts'

export type ComposeDeps = { readonly mail: MailClient<CallExtras> }

const INVALID_MESSAGE = 107
const ALREADY_SENT = 118
const INVALID_ACCOUNT = 166
const IRM_DISABLED = 168

/** What SendMail, SmartReply and SmartForward have in common (MS-ASCMD 2.2.1.17, .19, .20). */
export type Composed = {
  readonly clientId: string
  readonly saveInSent: boolean
  readonly mime: Uint8Array
}

const CLIENT_ID = 40

const refuse = (body: WbxmlNode, tag: TagName, status: number): void => {
  if (has(body, tag)) throw new StatusError(status, `${tag} isn't served`)
}

const mimeOf = (body: WbxmlNode): Uint8Array => {
  const node = child(body, 'composemail:Mime')
  if (!node) throw new ValueError('composemail:Mime', 'is missing')
  const mime = bytesOf(node)
  if (mime.length === 0) throw new StatusError(INVALID_MESSAGE, 'the message is empty')
  return mime
}

/** What a message is known by, of an account that is there and with rights that are served. Errors: INVALID_VALUE (103), 166, 168. */
export const readClientId = (body: WbxmlNode): string => {
  refuse(body, 'composemail:AccountId', INVALID_ACCOUNT)
  refuse(body, 'rightsmanagement:TemplateID', IRM_DISABLED)
  return requiredText(body, 'composemail:ClientId', { max: CLIENT_ID })
}

/** Errors: INVALID_VALUE (103), 107, 166, 168. */
export const readComposed = (body: WbxmlNode): Composed => {
  const clientId = readClientId(body)
  return {
    clientId,
    saveInSent: boolChild(body, 'composemail:SaveInSentItems') ?? false,
    mime: mimeOf(body),
  }
}

const HEADER_BYTES = 64 * 1024

/** Message-ID of the header, '' if it has none there. */
const messageIdOf = (mime: Uint8Array): string => {
  const header =
    Buffer.from(mime.subarray(0, HEADER_BYTES))
      .toString('latin1')
      .split(/\r?\n\r?\n/, 1)[0] ?? ''
  return /^message-id:[ \t]*(?:\r?\n[ \t]+)?(<[^<>\s]{1,990}>)/im.exec(header)?.[1] ?? ''
}

/** ClientId came with 14.0. */
const CLIENT_ID_SINCE: EasVersion = 140

const wordsOf = ({ version }: CommandContext, { clientId, mime }: Composed): string | Uint8Array =>
  version >= CLIENT_ID_SINCE ? clientId : messageIdOf(mime) || mime

/**
 * The same ClientId is the same command, whatever else the client writes anew for a second try (MS-ASCMD 2.2.3.28.1). Before there was
 * one, what makes a message the same is its Message-ID; without that, its bytes.
 */
const commandIdOf = (context: CommandContext, name: string, composed: Composed): string => {
  const hash = createHash('sha256').update(`${name}\0${context.device.device}\0`)
  // Ids that a client has for every message of its kind say nothing of it (raw-message.ts).
  if (context.version < CLIENT_ID_SINCE) hash.update(`${composed.clientId}\0`)
  return `eas-send:${hash.update(wordsOf(context, composed)).digest('hex')}`
}

const CHUNK = 256 * 1024

/** Large messages travel in pieces: a call's message is bounded, and the receiver writes them away as they come. */
async function* requests(
  header: DeepPartial<SubmitHeader>,
  mime: Uint8Array,
): AsyncGenerator<DeepPartial<SubmitRequest>> {
  yield { part: { $case: 'header', value: header } }
  for (let at = 0; at < mime.length; at += CHUNK)
    yield { part: { $case: 'chunk', value: mime.subarray(at, at + CHUNK) } }
}

/** 25 MB to a slow disk, scanned on the way. */
const TIMEOUT_MS = 120_000

export type Sending = {
  readonly name: string
  readonly composed: Composed
  readonly source?: SubmitHeader['source']
}

/**
 * Hands the message to the mail service, once: a repeat of a command that was done is told so (Status 118), not done again.
 * Success is an empty answer.
 */
export const submit = async (
  { mail }: ComposeDeps,
  context: CommandContext,
  { name, composed, source }: Sending,
): Promise<CommandAnswer> => {
  const { user, device, call } = context
  const header = {
    tenant: user.tenant,
    account: user.account,
    device: device.device,
    commandId: commandIdOf(context, name, composed),
    saveInSent: composed.saveInSent,
    messageIdOnce: true,
    source,
  }
  const { repeated } = await mail.submit(requests(header, composed.mime), { ...call, timeoutMs: TIMEOUT_MS })
  if (repeated) throw new StatusError(ALREADY_SENT, 'this message was sent before')
  return emptyAnswer
}

/** A command's body, which it can't do without. */
export const requireBody = ({ body }: CommandContext, root: TagName): WbxmlNode => {
  if (!body) throw new ValueError(root, 'is missing')
  return body
}
