import type { SyncAdd, SyncCommand } from '@relais/proto/mail/v1/mail.ts'
import { SyncAdd as SyncAddCodec, SyncChange } from '@relais/proto/mail/v1/mail.ts'
import { readDraft } from '../classes/draft.ts'
import { readEmailChange } from '../classes/email-change.ts'
import { placementOf } from '../classes/server-id.ts'
import { readTextMessage } from '../classes/text-message.ts'
import { ValueError } from '../wbxml/errors.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'
import { child, has, textChild } from '../wbxml/read.ts'
import { type Place, takesDrafts, takesTextMessages } from './place.ts'
import { SYNC_STATUS } from './sync-status.ts'

/** A command of the phone. `refused`: what it says can't be done, whatever the state; the others go to mail. */
export type PhoneCommand =
  | {
      readonly kind: 'change' | 'delete' | 'fetch'
      readonly serverId: string
      readonly command: SyncCommand
    }
  | {
      readonly kind: 'add'
      readonly clientId: string
      /** Given back where the phone said it. */
      readonly class: string | undefined
      readonly command: SyncCommand
    }
  | {
      readonly kind: 'refused'
      readonly of: 'add' | 'change' | 'delete' | 'fetch'
      readonly id: string
      readonly status: number
    }

const ID = { max: 64 }
const NO_DATA: WbxmlNode = el('airsync:ApplicationData')

/** One command of a collection (MS-ASCMD 2.2.3.32). Errors: INVALID_VALUE for what is no command. */
export const readCommand = (node: WbxmlNode, place: Place): PhoneCommand => {
  switch (node.tag) {
    case 'airsync:Change':
      return onItem(node, 'change', (placement) => ({
        $case: 'change',
        value: SyncChange.fromPartial({ placement, ...changeIn(node, place) }),
      }))
    case 'airsync:Delete':
      return onItem(node, 'delete', (placement) => ({ $case: 'delete', value: { placement } }))
    case 'airsync:Fetch':
      // Only older requests say it here (versions/older-request.ts).
      return onItem(node, 'fetch', (placement) => ({
        $case: 'fetch',
        value: { placement, whole: has(node, 'airsync:Truncation') },
      }))
    case 'airsync:Add':
      return readAdd(node, place)
    default:
      throw new ValueError(node.tag, 'is no command')
  }
}

/** What it says can't be: the item alone is refused (Status 6). */
const unlessMalformed = <T>(read: () => T): T | undefined => {
  try {
    return read()
  } catch (error) {
    if (error instanceof ValueError) return undefined
    throw error
  }
}

type ToCommand = (placement: number) => NonNullable<SyncCommand['command']>

/** BlackBerry sends empty ServerIds: such an item is not found. What a phone can't change about a message is malformed. */
const onItem = (node: WbxmlNode, kind: 'change' | 'delete' | 'fetch', make: ToCommand): PhoneCommand => {
  const serverId = textChild(node, 'airsync:ServerId', ID) ?? ''
  const placement = placementOf(serverId)
  if (placement === undefined)
    return { kind: 'refused', of: kind, id: serverId, status: SYNC_STATUS.notFound }
  const command = unlessMalformed(() => make(placement))
  if (command === undefined) return { kind: 'refused', of: kind, id: serverId, status: SYNC_STATUS.malformed }
  return { kind, serverId, command: { command } }
}

const changeIn = (node: WbxmlNode, place: Place) => {
  const data = child(node, 'airsync:ApplicationData') ?? NO_DATA
  if (!takesDrafts(place)) return readEmailChange(data)
  const { change, draft, send } = readDraft(data)
  return { ...change, draft, send }
}

/** Mail comes by SendMail: only drafts and text messages can be added (MS-ASCMD 2.2.3.7.2). */
const readAdd = (node: WbxmlNode, place: Place): PhoneCommand => {
  const clientId = textChild(node, 'airsync:ClientId', ID) ?? ''
  const itemClass = textChild(node, 'airsync:Class', ID)
  const value = clientId === '' ? undefined : unlessMalformed(() => addIn(node, place, itemClass))
  if (value === undefined) return { kind: 'refused', of: 'add', id: clientId, status: SYNC_STATUS.malformed }
  return {
    kind: 'add',
    clientId,
    class: itemClass,
    command: { command: { $case: 'add', value: { ...value, clientId } } },
  }
}

const addIn = (node: WbxmlNode, place: Place, itemClass: string | undefined): SyncAdd => {
  const data = child(node, 'airsync:ApplicationData') ?? NO_DATA
  if (itemClass === 'SMS' && takesTextMessages(place)) return readTextMessage(data)
  if (!takesDrafts(place) || (itemClass ?? 'Email') !== 'Email')
    throw new ValueError('airsync:Add', 'is not for mail')
  const { change, draft, send } = readDraft(data)
  const { seen, flag, categories } = change
  return SyncAddCodec.fromPartial({
    ...{ draft: draft ?? {}, seen: seen ?? true, flag: flag?.flag, send },
    categories: categories?.categories ?? [],
  })
}
