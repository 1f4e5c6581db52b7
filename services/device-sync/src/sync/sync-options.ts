import type { ContentOptions } from '@relais/proto/mail/v1/mail.ts'
import { MAX_MAIL_FILTER } from '@relais/sync-state'
import { contentOptionsOf } from '../classes/body-options.ts'
import { ValueError } from '../wbxml/errors.ts'
import type { WbxmlNode } from '../wbxml/node.ts'
import { childrenNamed, has, intChild, textChild } from '../wbxml/read.ts'
import type { ClassOptions, CollectionOptions } from './collection-rows.ts'

/** MS-ASCMD 2.2.3.125: one block for a class, and two at most. */
const MAX_BLOCKS = 2
const EMAIL = 'Email'
export const SMS = 'SMS'

const classOf = (options: WbxmlNode): string => textChild(options, 'airsync:Class', { max: 64 }) ?? EMAIL

const requireBlocks = (blocks: readonly WbxmlNode[]): void => {
  const classes = new Set(blocks.map(classOf))
  if (blocks.length > MAX_BLOCKS || classes.size < blocks.length)
    throw new ValueError('airsync:Options', 'are there more than once for a class')
}

/** [CMD 2.2.3.105]: of the recipient information cache alone. */
const requireNoMaxItems = (block: WbxmlNode | undefined): void => {
  if (block && has(block, 'airsync:MaxItems')) throw new ValueError('airsync:MaxItems', 'is not for mail')
}

const filterIn = (block: WbxmlNode | undefined) =>
  intChild(block, 'airsync:FilterType', { max: MAX_MAIL_FILTER })

const classOptionsOf = (block: WbxmlNode | undefined): ClassOptions => {
  requireNoMaxItems(block)
  return {
    filter: filterIn(block),
    content: contentOptionsOf(block),
    clientWins: intChild(block, 'airsync:Conflict', { max: 1 }) === 0,
  }
}

type Blocks = { readonly mail: WbxmlNode | undefined; readonly texts: WbxmlNode | undefined }

/** Undefined: there are none. */
const blocksOf = (collection: WbxmlNode): Blocks | undefined => {
  const blocks = childrenNamed(collection, 'airsync:Options')
  if (blocks.length === 0) return undefined
  requireBlocks(blocks)
  const texts = blocks.find((block) => classOf(block) === SMS)
  return { mail: blocks.find((block) => block !== texts), texts }
}

type Options = Omit<CollectionOptions, 'conversations'>

/** Filters alone, as GetItemEstimate has them; bodies are as before. Errors: INVALID_VALUE. */
export const readFilters = (collection: WbxmlNode, content: ContentOptions): Options | undefined => {
  const blocks = blocksOf(collection)
  if (!blocks) return undefined
  const filtered = (block: WbxmlNode | undefined) => ({ filter: filterIn(block), content, clientWins: false })
  const mail = filtered(blocks.mail)
  return blocks.texts ? { ...mail, texts: filtered(blocks.texts) } : mail
}

/**
 * Options of a collection of mail, and of the text messages in it: a block of theirs asks for them (MS-ASMS 3.1.4.1.1), and says nothing
 * about mail. Undefined: there are none. FilterType 8 is for tasks alone. Errors: INVALID_VALUE; Status 164.
 */
export const readOptions = (collection: WbxmlNode): Options | undefined => {
  const blocks = blocksOf(collection)
  if (!blocks) return undefined
  const mail = classOptionsOf(blocks.mail)
  return blocks.texts ? { ...mail, texts: classOptionsOf(blocks.texts) } : mail
}
