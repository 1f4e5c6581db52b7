import type { SubmitSource } from '@relais/proto/mail/v1/mail.ts'
import { parseDateTime } from '../classes/dates.ts'
import { itemOf } from '../classes/long-id.ts'
import { placementOf } from '../classes/server-id.ts'
import { ValueError } from '../wbxml/errors.ts'
import type { WbxmlNode } from '../wbxml/node.ts'
import { child, has, textChild } from '../wbxml/read.ts'
import type { CommandContext } from './command.ts'
import type { ComposeDeps } from './compose.ts'
import { StatusError } from './status-error.ts'

const INVALID_COMBINATION = 105
const INVALID_ID = 106
const ITEM_NOT_FOUND = 150

const ID = 64

const placementIn = (source: WbxmlNode): number => {
  const itemId = textChild(source, 'composemail:ItemId', { max: ID })
  if (!itemId || !textChild(source, 'composemail:FolderId', { max: ID }))
    throw new StatusError(INVALID_COMBINATION, 'a source needs FolderId and ItemId')
  const placement = placementOf(itemId)
  if (placement === undefined) throw new StatusError(INVALID_ID, 'no id of ours')
  return placement
}

const LONG_ID = 256

/** A LongId says which message it is, wherever it is now; where that is, mail knows. */
const placementByLongId = async (
  { mail }: ComposeDeps,
  { user: { tenant, account }, call }: CommandContext,
  longId: string,
): Promise<number> => {
  const item = itemOf(longId)
  const { messages } =
    item === undefined ? { messages: [] } : await mail.getMessages({ tenant, account, items: [item] }, call)
  const [message] = messages
  if (!message) throw new StatusError(ITEM_NOT_FOUND, 'no such LongId')
  return message.placement
}

const INVALID_DATE = 104

/** InstanceId, or Occurrence before 14.0: of a meeting's series; a message is the same for all instances. */
const requireInstance = (source: WbxmlNode): void => {
  const instance = textChild(source, 'composemail:InstanceId', { max: 40 })
  if (instance && parseDateTime(instance) === undefined)
    throw new StatusError(INVALID_DATE, 'an instance is named by its time')
}

const sourceIn = (body: WbxmlNode): WbxmlNode => {
  const source = child(body, 'composemail:Source')
  if (!source) throw new ValueError('composemail:Source', 'is missing')
  if (has(source, 'composemail:LongId') && has(source, 'composemail:ItemId'))
    throw new StatusError(INVALID_COMBINATION, 'LongId with ItemId')
  return source
}

/**
 * The message that is answered or forwarded (MS-ASCMD 2.2.3.167), by its place or as Search has named it.
 */
export const readSource = async (
  deps: ComposeDeps,
  context: CommandContext,
  { body, verb }: { readonly body: WbxmlNode; readonly verb: 'reply' | 'forward' },
): Promise<SubmitSource> => {
  const source = sourceIn(body)
  const longId = textChild(source, 'composemail:LongId', { max: LONG_ID })
  requireInstance(source)
  const placement =
    longId === undefined ? placementIn(source) : await placementByLongId(deps, context, longId)
  return { placement, verb, replaceMime: has(body, 'composemail:ReplaceMime') }
}
