import type { MailClient, Message } from '@relais/proto/mail/v1/mail.ts'
import type { CallExtras } from '@relais/service-kit'
import { emailElements } from '../classes/email.ts'
import { bodyOf } from '../classes/email-body.ts'
import type { CommandContext } from '../commands/command.ts'
import type { WbxmlNode } from '../wbxml/node.ts'
import { fetchElement, type Parts } from './fetch-answer.ts'
import { FETCH_STATUS, type MessageFetch } from './fetch-request.ts'

export type FetchedMessages = ReadonlyMap<MessageFetch, Message>

const groupedByOptions = (fetches: readonly MessageFetch[]): readonly (readonly MessageFetch[])[] => [
  ...Map.groupBy(fetches, ({ options }) => JSON.stringify(options)).values(),
]

const readGroup = async (
  mail: MailClient<CallExtras>,
  { user, call }: CommandContext,
  fetches: readonly MessageFetch[],
): Promise<readonly (readonly [MessageFetch, Message])[]> => {
  const placements = [...new Set(fetches.map(({ placement }) => placement))]
  const { tenant, account } = user
  const { messages } = await mail.getMessages(
    { tenant, account, placements, options: fetches[0]?.options },
    call,
  )
  const byPlacement = new Map(messages.map((message) => [message.placement, message]))
  return fetches.flatMap((fetch) => {
    const message = byPlacement.get(fetch.placement)
    return message && message.mailbox === fetch.collectionId ? [[fetch, message] as const] : []
  })
}

/** All messages of a request: one call for all that want their bodies alike. What isn't there is left out. */
export const readMessages = async (
  mail: MailClient<CallExtras>,
  context: CommandContext,
  fetches: readonly MessageFetch[],
): Promise<FetchedMessages> => {
  const groups = groupedByOptions(fetches).map((group) => readGroup(mail, context, group))
  return new Map((await Promise.all(groups)).flat())
}

const bodyPart = (message: Message, parts: Parts | undefined): number | undefined => {
  const bytes = bodyOf(message)?.data
  if (!parts || bytes === undefined) return undefined
  const chunks = async function* () {
    yield bytes
  }
  return parts.add({ length: bytes.length, chunks })
}

/** Fetch of a message by its ServerId; Status 6 where it is not, or not in that folder any more. */
export const messageElement = (
  { version }: CommandContext,
  fetch: MessageFetch,
  message: Message | undefined,
  parts: Parts | undefined,
): WbxmlNode => {
  if (!message) return fetchElement(FETCH_STATUS.notFound, fetch.names, undefined)
  const properties = emailElements(message, { version, bodyPart: bodyPart(message, parts) })
  return fetchElement(FETCH_STATUS.ok, fetch.names, properties)
}
