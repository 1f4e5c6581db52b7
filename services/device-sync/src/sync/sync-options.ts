import { MAX_MAIL_FILTER } from '@relais/sync-state'
import { contentOptionsOf } from '../classes/body-options.ts'
import { ValueError } from '../wbxml/errors.ts'
import type { WbxmlNode } from '../wbxml/node.ts'
import { childrenNamed, has, intChild, textChild } from '../wbxml/read.ts'
import type { CollectionOptions } from './collection-rows.ts'

/** MS-ASCMD 2.2.3.125: one block for a class, and two at most. */
const MAX_BLOCKS = 2
const EMAIL = 'Email'

const classOf = (options: WbxmlNode): string => textChild(options, 'airsync:Class', { max: 64 }) ?? EMAIL

const requireBlocks = (blocks: readonly WbxmlNode[]): void => {
  const classes = new Set(blocks.map(classOf))
  if (blocks.length > MAX_BLOCKS || classes.size < blocks.length)
    throw new ValueError('airsync:Options', 'are there more than once for a class')
  // [CMD 2.2.3.105]: of the recipient information cache alone.
  if (blocks.some((block) => has(block, 'airsync:MaxItems')))
    throw new ValueError('airsync:MaxItems', 'is not for mail')
}

/**
 * Options of a collection of mail; those of another class (SMS) beside them say nothing about it. Undefined: there are none. FilterType
 * 8 is for tasks alone. Errors: INVALID_VALUE; Status 164.
 */
export const readOptions = (collection: WbxmlNode): Omit<CollectionOptions, 'conversations'> | undefined => {
  const blocks = childrenNamed(collection, 'airsync:Options')
  if (blocks.length === 0) return undefined
  requireBlocks(blocks)
  const own = blocks.find((block) => classOf(block) === EMAIL) ?? blocks[0]!
  return {
    filter: intChild(own, 'airsync:FilterType', { max: MAX_MAIL_FILTER }),
    content: contentOptionsOf(own),
    clientWins: intChild(own, 'airsync:Conflict', { max: 1 }) === 0,
  }
}
