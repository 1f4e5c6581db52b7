import type { TagName } from './code-pages.ts'
import { ValueError } from './errors.ts'
import type { WbxmlNode } from './node.ts'

const none: readonly WbxmlNode[] = []

/** Child elements; none for an empty tag or a text. */
export const childrenOf = (node: WbxmlNode): readonly WbxmlNode[] =>
  Array.isArray(node.content) ? (node.content as readonly WbxmlNode[]) : none

/** First child of that name. */
export const child = (node: WbxmlNode | undefined, tag: TagName): WbxmlNode | undefined =>
  node && childrenOf(node).find((one) => one.tag === tag)

/** All children of that name, in order. */
export const childrenNamed = (node: WbxmlNode, tag: TagName): readonly WbxmlNode[] =>
  childrenOf(node).filter((one) => one.tag === tag)

/** Descends along tags. */
export const descendant = (node: WbxmlNode | undefined, ...path: readonly TagName[]): WbxmlNode | undefined =>
  path.reduce<WbxmlNode | undefined>(child, node)

/** Whether there is such a child, empty or not. */
export const has = (node: WbxmlNode, tag: TagName): boolean => child(node, tag) !== undefined

/** Text of an element ('' of an empty tag; OPAQUE read as UTF-8). Errors: INVALID_VALUE for children or more than `max` characters. */
export const textOf = (node: WbxmlNode, max = 1024): string => {
  const { content, tag } = node
  if (content === null) return ''
  const text = content instanceof Uint8Array ? Buffer.from(content).toString('utf8') : content
  if (typeof text !== 'string') throw new ValueError(tag, 'has no text')
  if (text.length > max) throw new ValueError(tag, `is longer than ${max} characters`)
  return text
}

/** Bytes of an element: OPAQUE, or a text's UTF-8 (either encoding is accepted on input). */
export const bytesOf = (node: WbxmlNode): Uint8Array => {
  if (node.content instanceof Uint8Array) return node.content
  return Buffer.from(textOf(node, Number.POSITIVE_INFINITY), 'utf8')
}

/** Text of a child; undefined if there is none. */
export const textChild = (
  node: WbxmlNode | undefined,
  tag: TagName,
  options?: { max?: number },
): string | undefined => {
  const found = child(node, tag)
  return found && textOf(found, options?.max)
}

/** Text of a child that must be there and not empty. */
export const requiredText = (
  node: WbxmlNode | undefined,
  tag: TagName,
  options?: { max?: number },
): string => {
  const text = textChild(node, tag, options)
  if (!text) throw new ValueError(tag, 'is missing')
  return text
}

export type IntRange = { min?: number; max?: number }

/** A decimal integer within bounds (default: unsigned 32 bits). */
export const intOf = (node: WbxmlNode, { min = 0, max = 0xffffffff }: IntRange = {}): number => {
  const text = textOf(node, 32).trim()
  if (!/^-?\d{1,10}$/.test(text)) throw new ValueError(node.tag, 'is not an integer')
  const value = Number(text)
  if (value < min || value > max) throw new ValueError(node.tag, `is not between ${min} and ${max}`)
  return value
}

/** Integer of a child; undefined if there is none. */
export const intChild = (node: WbxmlNode | undefined, tag: TagName, range?: IntRange): number | undefined => {
  const found = child(node, tag)
  return found && intOf(found, range)
}

/** MS-ASDTYPE 2.1: 1 or 0; an empty tag is 1. "true" and "false" are taken too. */
export const boolOf = (node: WbxmlNode): boolean => {
  const text = textOf(node, 8).trim().toLowerCase()
  if (text === '' || text === '1' || text === 'true') return true
  if (text === '0' || text === 'false') return false
  throw new ValueError(node.tag, 'is not a boolean')
}

/** Boolean of a child; undefined if there is none. */
export const boolChild = (node: WbxmlNode | undefined, tag: TagName): boolean | undefined => {
  const found = child(node, tag)
  return found && boolOf(found)
}
