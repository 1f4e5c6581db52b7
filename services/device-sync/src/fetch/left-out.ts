import type { Body, ContentOptions, MailClient, Message } from '@relais/proto/mail/v1/mail.ts'
import { type CallExtras, retryable } from '@relais/service-kit'
import type { StreamedBodies } from '../classes/email.ts'
import { carried } from '../classes/email-body.ts'
import type { CommandContext, MultipartPart } from '../commands/command.ts'
import { StreamedContent } from '../wbxml/node.ts'
import { READ_TIMEOUT_MS } from './fetch-attachment.ts'

type Mail = MailClient<CallExtras>

/** Bodies that came without their data, to be read while the answer is sent. */
export type LeftOut = {
  readonly body: MultipartPart | undefined
  readonly bodyPart: MultipartPart | undefined
}

type Wanted = {
  readonly message: Message
  readonly length: number
  /** Undefined: the message as MIME, in pieces. */
  readonly again: { readonly options: ContentOptions; readonly which: 'body' | 'bodyPart' } | undefined
}

async function* mimeOf(
  mail: Mail,
  { user, call }: CommandContext,
  { message: { placement }, length }: Wanted,
): AsyncGenerator<Uint8Array, void> {
  const { tenant, account } = user
  const request = { tenant, account, placement, part: '', offset: 0, length, asText: true }
  for await (const { part } of mail.readPart(request, { ...call, timeoutMs: READ_TIMEOUT_MS }))
    if (part?.$case === 'chunk') yield part.value
}

/** Deleted while the answer was on its way: it can't be finished, and the phone asks again. */
const gone = () => retryable('MESSAGE_GONE', 'a message went while it was sent')

async function* textOf(
  mail: Mail,
  { user: { tenant, account }, call }: CommandContext,
  { message, again }: Wanted,
): AsyncGenerator<Uint8Array, void> {
  const options = { ...again!.options, inlineBytes: 0 }
  const request = { tenant, account, placements: [message.placement], options }
  const { messages } = await mail.getMessages(request, { ...call, timeoutMs: READ_TIMEOUT_MS })
  const data = messages[0]?.[again!.which]?.data
  if (data === undefined) throw gone()
  yield carried(data)
}

const partOf = (mail: Mail, context: CommandContext, wanted: Wanted): MultipartPart => ({
  length: wanted.length,
  chunks: () => (wanted.again ? textOf(mail, context, wanted) : mimeOf(mail, context, wanted)),
})

/** `options`: what the message was asked for with. */
export const leftOut = (
  mail: Mail,
  context: CommandContext,
  { message, options }: { readonly message: Message; readonly options: ContentOptions },
): LeftOut => {
  const find = (which: 'body' | 'bodyPart', body: Body | undefined): MultipartPart | undefined => {
    const { streamLength = 0, deferredLength = 0 } = body ?? {}
    if (streamLength > 0) return partOf(mail, context, { message, length: streamLength, again: undefined })
    if (deferredLength > 0)
      return partOf(mail, context, { message, length: deferredLength, again: { options, which } })
    return undefined
  }
  return { body: find('body', message.body), bodyPart: find('bodyPart', message.bodyPart) }
}

const streamed = (part: MultipartPart | undefined): StreamedContent | undefined =>
  part && new StreamedContent('text', part.length, part.chunks)

/** In the answer itself. */
export const streamedBodies = ({ body, bodyPart }: LeftOut): StreamedBodies => ({
  body: streamed(body),
  bodyPart: streamed(bodyPart),
})
