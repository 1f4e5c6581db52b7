import { parseDateTime } from '../classes/dates.ts'
import { conversationOf } from '../fetch/folder-operations.ts'
import type { WbxmlNode } from '../wbxml/node.ts'
import { bytesOf, child, childrenOf, textOf } from '../wbxml/read.ts'
import { type Refusal, refused, STORE_STATUS } from './store-status.ts'

/** What of a mailbox is asked for (MS-ASCMD 2.2.3.139.2). */
export type MailboxQuery = {
  readonly freeText: string
  readonly classes: readonly string[]
  /** Empty: the whole mailbox. */
  readonly collections: readonly string[]
  /** Milliseconds since 1970, excluded; 0: open. */
  readonly after: number
  readonly before: number
  readonly conversation: Uint8Array
}

type Building = { -readonly [Name in keyof MailboxQuery]: MailboxQuery[Name] } & {
  freeTexts: number
}

const MAX_TEXT = 1024
const MAX_ID = 64
const MAX_CRITERIA = 1100

/** Outlook's name for the whole mailbox. */
const EVERYWHERE = '0'

/** A date that GreaterThan or LessThan compares with when a message was received. */
const comparedDate = (node: WbxmlNode): number | undefined => {
  const value = child(node, 'search:Value')
  if (!child(node, 'email:DateReceived') || !value) return undefined
  return parseDateTime(textOf(value, MAX_TEXT))
}

type Reader = (building: Building, node: WbxmlNode) => Refusal | undefined

const invalid = (reason: string) => refused(STORE_STATUS.invalid, reason)
const tooComplex = (reason: string) => refused(STORE_STATUS.tooComplex, reason)

const readers: Readonly<Record<string, Reader>> = {
  'search:FreeText': (building, node) => {
    building.freeText = textOf(node, MAX_TEXT)
    building.freeTexts++
    return building.freeTexts > 1 ? tooComplex('more than one text') : undefined
  },
  'airsync:Class': (building, node) => {
    building.classes = [...building.classes, textOf(node, MAX_ID)]
    return undefined
  },
  'airsync:CollectionId': (building, node) => {
    building.collections = [...building.collections, textOf(node, MAX_ID)]
    return undefined
  },
  'search:ConversationId': (building, node) => {
    const conversation = conversationOf(bytesOf(node))
    if (!conversation) return invalid('no conversation has such an id')
    building.conversation = conversation
    return undefined
  },
  'search:GreaterThan': (building, node) => {
    const at = comparedDate(node)
    if (at === undefined) return invalid('nothing to be greater than')
    building.after = Math.max(building.after, at)
    return undefined
  },
  'search:LessThan': (building, node) => {
    const at = comparedDate(node)
    if (at === undefined) return invalid('nothing to be less than')
    building.before = Math.min(building.before || Number.MAX_SAFE_INTEGER, Math.max(1, at))
    return undefined
  },
}

/** Criteria stand in one And, or by themselves. */
const criteriaOf = (query: WbxmlNode): readonly WbxmlNode[] =>
  childrenOf(query).flatMap((node) => (node.tag === 'search:And' ? childrenOf(node) : [node]))

const asksForSomething = ({ freeTexts, collections, after, before, conversation }: Building): boolean =>
  freeTexts > 0 || collections.length > 0 || after > 0 || before > 0 || conversation.length > 0

/** Errors: INVALID_VALUE for what is too long; a refusal for what can't be asked. */
export const readMailboxQuery = (query: WbxmlNode): MailboxQuery | Refusal => {
  const building: Building = {
    ...{ freeText: '', classes: [], collections: [], after: 0, before: 0 },
    ...{ conversation: new Uint8Array(0), freeTexts: 0 },
  }
  const criteria = criteriaOf(query)
  if (criteria.length > MAX_CRITERIA) return tooComplex('too many criteria')
  for (const node of criteria) {
    const read = readers[node.tag]
    const refusal = read ? read(building, node) : tooComplex(`${node.tag} can't be searched by`)
    if (refusal) return refusal
  }
  if (!asksForSomething(building)) return invalid('nothing is asked for')
  if (building.freeTexts > 0 && building.freeText.trim() === '') return invalid('an empty text')
  const { freeTexts: _, ...asked } = building
  return asked.collections.includes(EVERYWHERE) ? { ...asked, collections: [] } : asked
}
