import type { SubmitSource } from '@relais/proto/mail/v1/mail.ts'
import { placementOf } from '../classes/server-id.ts'
import { ValueError } from '../wbxml/errors.ts'
import type { WbxmlNode } from '../wbxml/node.ts'
import { child, has, textChild } from '../wbxml/read.ts'
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

/**
 * The message that is answered or forwarded (MS-ASCMD 2.2.3.167). LongIds come from Search, which gave none, so nothing has them.
 * InstanceId is for meetings; the message is the same for all instances.
 */
export const readSource = (body: WbxmlNode, verb: 'reply' | 'forward'): SubmitSource => {
  const source = child(body, 'composemail:Source')
  if (!source) throw new ValueError('composemail:Source', 'is missing')
  const longId = has(source, 'composemail:LongId')
  if (longId && has(source, 'composemail:ItemId'))
    throw new StatusError(INVALID_COMBINATION, 'LongId with ItemId')
  if (longId) throw new StatusError(ITEM_NOT_FOUND, 'no such LongId')
  return { placement: placementIn(source), verb, replaceMime: has(body, 'composemail:ReplaceMime') }
}
