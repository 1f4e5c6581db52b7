import type { MailClient, Message } from '@relais/proto/mail/v1/mail.ts'
import type { CallExtras } from '@relais/service-kit'
import { emailElements } from '../classes/email.ts'
import { bodyOf } from '../classes/email-body.ts'
import { itemClassOf } from '../classes/item-class.ts'
import type { CommandContext, MultipartPart } from '../commands/command.ts'
import type { WbxmlNode } from '../wbxml/node.ts'
import { fetchElement, type Parts } from './fetch-answer.ts'
import { FETCH_STATUS, type MessageFetch } from './fetch-request.ts'
import { leftOut, streamedBodies } from './left-out.ts'

type Mail = MailClient<CallExtras>

/** What isn't there is left out; `too_large`: the bodies before it are all that one answer holds. */
export type FetchedMessages = ReadonlyMap<MessageFetch, Message | 'too_large'>

const groupedByOptions = (fetches: readonly MessageFetch[]): readonly (readonly MessageFetch[])[] => [
  ...Map.groupBy(fetches, ({ options }) => JSON.stringify(options)).values(),
]

/** Bodies of so many may be in one call's answer: a message has texts of at most 8 MiB, an answer 80. */
const AT_ONCE = 8

/** Bytes of bodies that one answer holds in memory; longer messages are streamed as MIME, or fetched by themselves. */
const MAX_INLINE = 48 * 1024 * 1024

const batchesOf = (fetches: readonly MessageFetch[]): readonly (readonly MessageFetch[])[] =>
  Array.from({ length: Math.ceil(fetches.length / AT_ONCE) }, (_, n) =>
    fetches.slice(n * AT_ONCE, (n + 1) * AT_ONCE),
  )

const namedBy = <By extends 'place' | 'item'>(fetches: readonly MessageFetch[], by: By) =>
  fetches.flatMap(({ message }) =>
    message.by === by ? [message as Extract<typeof message, { by: By }>] : [],
  )

const isNamed = ({ message: name }: MessageFetch, message: Message): boolean =>
  name.by === 'item'
    ? name.item === message.item
    : name.placement === message.placement && name.collectionId === message.mailbox

const readGroup = async (
  mail: Mail,
  { user, call }: CommandContext,
  fetches: readonly MessageFetch[],
): Promise<readonly (readonly [MessageFetch, Message])[]> => {
  const { messages } = await mail.getMessages(
    {
      tenant: user.tenant,
      account: user.account,
      placements: [...new Set(namedBy(fetches, 'place').map(({ placement }) => placement))],
      items: [...new Set(namedBy(fetches, 'item').map(({ item }) => item))],
      options: fetches[0]?.options,
    },
    call,
  )
  return fetches.flatMap((fetch) => {
    const message = messages.find((one) => isNamed(fetch, one))
    return message ? [[fetch, message] as const] : []
  })
}

const bytesIn = ({ body, bodyPart }: Message): number =>
  (body?.data?.length ?? 0) + (bodyPart?.data?.length ?? 0)

/** All messages of a request: one call for some that want their bodies alike, as long as there is room for them. */
export const readMessages = async (
  mail: Mail,
  context: CommandContext,
  fetches: readonly MessageFetch[],
): Promise<FetchedMessages> => {
  const found = new Map<MessageFetch, Message | 'too_large'>()
  let bytes = 0
  for (const group of groupedByOptions(fetches).flatMap(batchesOf)) {
    if (bytes > MAX_INLINE) for (const fetch of group) found.set(fetch, 'too_large')
    else
      for (const [fetch, message] of await readGroup(mail, context, group)) {
        found.set(fetch, message)
        bytes += bytesIn(message)
      }
  }
  return found
}

const inlineBody = (message: Message): MultipartPart | undefined => {
  const bytes = bodyOf(message)?.data
  if (bytes === undefined) return undefined
  const chunks = async function* () {
    yield bytes
  }
  return { length: bytes.length, chunks }
}

export type MessageAnswer = {
  readonly fetch: MessageFetch
  readonly message: Message | 'too_large' | undefined
  /** If the client takes a multipart answer. */
  readonly parts: Parts | undefined
}

const isWanted = ({ schema }: MessageFetch, tag: string): boolean => schema === undefined || schema.has(tag)

const propertiesOf = (
  mail: Mail,
  context: CommandContext,
  { fetch, message, parts }: Omit<MessageAnswer, 'message'> & { readonly message: Message },
): readonly WbxmlNode[] => {
  const read = leftOut(mail, context, { message, options: fetch.options })
  const body = isWanted(fetch, 'airsyncbase:Body') ? (read.body ?? inlineBody(message)) : undefined
  const bodyPart = parts && body && parts.add(body)
  const streamedOf = () => streamedBodies(read)
  const elements = emailElements(message, { version: context.version, bodyPart, streamedOf })
  return elements.filter(({ tag }) => isWanted(fetch, tag))
}

/** Fetch of a message by its ServerId or LongId; Status 6 where it is not, or not in that folder any more; 11 where there is no room for it. */
export const messageElement = (mail: Mail, context: CommandContext, answer: MessageAnswer): WbxmlNode => {
  const { fetch, message } = answer
  if (!message) return fetchElement(FETCH_STATUS.notFound, fetch.names, undefined)
  if (message === 'too_large') return fetchElement(FETCH_STATUS.tooLarge, fetch.names, undefined)
  const names = { ...fetch.names, itemClass: itemClassOf(message) }
  return fetchElement(FETCH_STATUS.ok, names, propertiesOf(mail, context, { ...answer, message }))
}
