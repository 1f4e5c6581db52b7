import type { Body, Message } from '@relais/proto/mail/v1/mail.ts'
import { isCoded } from '@relais/service-kit/errors.ts'
import { attachmentsOfBody } from '../mime/attachments.ts'
import { bodyOf, nativeBodyOf } from '../mime/body-parts.ts'
import { kindOf } from '../mime/kind.ts'
import { renderBody, type WantedContent } from '../mime/render-body.ts'
import { renderPart, UNMADE } from '../mime/render-part.ts'
import { messageOf, type StoredMessage } from '../queries/message.ts'
import { readerOf } from '../queries/message-bytes.ts'
import { isTextMessage } from '../queries/messages.ts'
import { type BodyRoom, bodyRoom, withinRoom } from './body-room.ts'
import type { Handling } from './context.ts'

export type Rendering = {
  readonly messages: readonly StoredMessage[]
  /** Undefined: no bodies. */
  readonly options?: WantedContent
  readonly withStructure?: boolean
  /** What there is room for in the answer; absent: what the options say. */
  readonly room?: BodyRoom
  /** True: the first body that there is no room for ends it, unless it is the first of all; false: it is left out, and the others are there. */
  readonly endsEarly?: boolean
}

type RenderDeps = Pick<Handling, 'blobs' | 'logger'>

/** Blobs that are read at once, while there is room for their texts. */
const AT_ONCE = 8

/** Messages as clients see them. One that can't be read is a stub with its reason; the others are there all the same. */
export const renderMessages = async (
  deps: RenderDeps,
  tenant: string,
  { messages, room: given, endsEarly = false, ...how }: Rendering,
): Promise<Message[]> => {
  const room = given ?? bodyRoom(how.options?.inlineBytes)
  const rendered: Message[] = []
  while (rendered.length < messages.length) {
    const some = messages.slice(rendered.length, rendered.length + (room.left > 0 ? AT_ONCE : 1))
    const made = await Promise.all(some.map((stored) => renderMessage(deps, tenant, { ...how, stored })))
    rendered.push(...made.map((message) => withinRoom(message, room)))
    const end = endsEarly ? rendered.findIndex((message, at) => at > 0 && isLeftOut(message)) : -1
    if (end > 0) return rendered.slice(0, end)
  }
  return rendered
}

const isLeftOut = ({ body, bodyPart }: Message): boolean =>
  [body, bodyPart].some((one) => one !== undefined && one.deferredLength > 0)

type One = Omit<Rendering, 'messages' | 'room' | 'endsEarly'> & { readonly stored: StoredMessage }

const renderMessage = async (deps: RenderDeps, tenant: string, one: One): Promise<Message> => {
  const message = withoutBody(one)
  if (!one.options?.withBody || !one.stored.content.structure) return message
  if (message.defect !== '') return stub(message, { defect: message.defect, one })
  try {
    const bodyPart = await bodyPartFor(deps, tenant, one)
    return { ...message, body: await bodyFor(deps, tenant, one), bodyPart }
  } catch (error) {
    if (!isCoded(error) || error.retryable) throw error
    const { item, placement } = message
    deps.logger.error(
      { err: error, tenant, placement, item, blob: message.blob },
      'a message could not be read',
    )
    return stub({ ...message, attachments: [] }, { defect: error.message, one })
  }
}

const withoutBody = ({ stored, withStructure }: One): Message => {
  const message = messageOf(stored)
  const { structure } = stored.content
  if (!structure) return message
  const body = bodyOf(structure)
  return {
    ...message,
    attachments: attachmentsOfBody(body),
    nativeBody: nativeBodyOf(body),
    kind: isTextMessage(stored.row) ? 'sms' : kindOf(structure),
    structure: withStructure ? structure : undefined,
  }
}

const bodyFor = async (
  { blobs }: RenderDeps,
  tenant: string,
  { stored, options }: One,
): Promise<Body | undefined> => {
  const { blob, size, structure, preview } = stored.content
  const read = readerOf(blobs, { tenant, blob, size })
  const kind = kindOf(structure!)
  const { body } = await renderBody({ structure: structure!, read, options: options!, kind, preview })
  return body
}

const partPreference = ({ options }: One) => options?.bodies.find(({ type }) => type === 'part')

/** Beside the body, where it is asked for. */
const bodyPartFor = async ({ blobs }: RenderDeps, tenant: string, one: One): Promise<Body | undefined> => {
  const preference = partPreference(one)
  if (!preference) return undefined
  const { blob, size, structure } = one.stored.content
  return renderPart({ structure: structure!, read: readerOf(blobs, { tenant, blob, size }), preference })
}

/** The reason in place of the text, so that whoever reads mail on a phone sees it. */
const stub = (message: Message, { defect, one }: { readonly defect: string; readonly one: One }): Message => {
  const data = Buffer.from(`This message can't be shown: ${defect}.\r\n`)
  return {
    ...message,
    defect,
    bodyPart: partPreference(one) && UNMADE,
    body: {
      type: 'plain',
      estimatedSize: data.length,
      truncated: false,
      data,
      preview: '',
      streamLength: 0,
      deferredLength: 0,
      unmade: false,
    },
  }
}
