import { el, type WbxmlNode } from '../wbxml/node.ts'
import { child, childrenNamed, childrenOf, descendant, textChild } from '../wbxml/read.ts'

/** Repeats of a Sync from which on its window shrinks, so that a phone gets past what it can't take, or it is known what that is. */
const windows: readonly (readonly [repeats: number, window: number])[] = [
  [9, 1],
  [6, 5],
  [3, 25],
]

/** From here on a single item that stays in the way is sent without its body. */
export const STUB_AFTER = 12

/** Undefined: as the phone asks. */
export const narrowWindow = (repeats: number): number | undefined =>
  windows.find(([from]) => repeats >= from)?.[1]

const replaced = (
  node: WbxmlNode,
  path: readonly string[],
  change: (node: WbxmlNode) => WbxmlNode,
): WbxmlNode => {
  const [next, ...rest] = path
  if (next === undefined) return change(node)
  const inner = childrenOf(node).map((one) => (one.tag === next ? replaced(one, rest, change) : one))
  return { tag: node.tag, content: inner }
}

const COLLECTION = ['airsync:Collections', 'airsync:Collection'] as const

/** A Sync that asks for at most so many items in each collection. */
export const narrowed = (sync: WbxmlNode, window: number): WbxmlNode =>
  replaced(sync, COLLECTION, (collection) => {
    const asked = Number(textChild(collection, 'airsync:WindowSize', { max: 32 }) ?? 100)
    const size = asked > 0 && asked < window ? asked : window
    const rest = childrenOf(collection).filter(({ tag }) => tag !== 'airsync:WindowSize')
    // Before Options and Commands, where the schema has it.
    const at = rest.findIndex(({ tag }) => tag === 'airsync:Options' || tag === 'airsync:Commands')
    const end = at < 0 ? rest.length : at
    return el('airsync:Collection', [
      ...rest.slice(0, end),
      el('airsync:WindowSize', size),
      ...rest.slice(end),
    ])
  })

/** ServerId of the one new item that an answer brings; '' if there are none or several. */
export const onlyItem = (answer: WbxmlNode): string => {
  const collections = descendant(answer, 'airsync:Collections')
  const adds = (collections ? childrenOf(collections) : []).flatMap((collection) => {
    const commands = child(collection, 'airsync:Commands')
    return commands ? childrenNamed(commands, 'airsync:Add') : []
  })
  return adds.length === 1 ? (textChild(adds[0], 'airsync:ServerId') ?? '') : ''
}

const TEXT =
  'This device could not take this message, so only its subject and sender are shown here. It is complete in the mailbox.\r\n'

const BODY = el('airsyncbase:Body', [
  el('airsyncbase:Type', 1),
  el('airsyncbase:EstimatedDataSize', TEXT.length),
  el('airsyncbase:Data', TEXT),
])

/** What phones have most trouble with. */
const heavy: ReadonlySet<string> = new Set([
  'airsyncbase:Attachments',
  'airsyncbase:BodyPart',
  'airsyncbase:NativeBodyType',
])

/** The answer with a text of ours in place of each new item's body and attachments. */
export const withStub = (answer: WbxmlNode): WbxmlNode =>
  replaced(answer, [...COLLECTION, 'airsync:Commands', 'airsync:Add', 'airsync:ApplicationData'], (data) =>
    el(
      'airsync:ApplicationData',
      childrenOf(data)
        .filter(({ tag }) => !heavy.has(tag))
        .map((one) => (one.tag === 'airsyncbase:Body' ? BODY : one)),
    ),
  )
