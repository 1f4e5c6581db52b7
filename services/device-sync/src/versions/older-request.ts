import type { FamilyTraits } from '../devices/families.ts'
import type { EasVersion } from '../wbxml/code-page.ts'
import type { TagName } from '../wbxml/code-pages.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'
import { child, childrenOf, intChild } from '../wbxml/read.ts'

/** Truncation of 2.5, in characters: 0 cuts all, 9 nothing. */
const truncations = [0, 512, 1024, 2048, 5120, 10_240, 20_480, 51_200, 102_400, undefined] as const

const PLAIN = 1
const HTML = 2
const MIME = 4

export type Asker = { readonly version: EasVersion; readonly family: Pick<FamilyTraits, 'htmlIn25'> }

const preference = (type: number, size?: number): WbxmlNode =>
  el('airsyncbase:BodyPreference', [
    el('airsyncbase:Type', type),
    size !== undefined && el('airsyncbase:TruncationSize', size),
  ])

/** Options of 2.5 (Truncation, MIMESupport) as BodyPreference of 12.0: the one way in which bodies are chosen and remembered. */
const options25 = (node: WbxmlNode, { family }: Asker): WbxmlNode => {
  const truncation = truncations[intChild(node, 'airsync:Truncation', { max: 9 }) ?? 9]
  const mime = (intChild(node, 'airsync:MIMESupport', { max: 2 }) ?? 0) > 0
  return el('airsync:Options', [
    ...childrenOf(node),
    preference(family.htmlIn25 ? HTML : PLAIN, truncation),
    mime && preference(MIME),
  ])
}

const NOT_CUT = 9

/** In 2.5 a Fetch is how a phone gets all of a message that was cut. */
const fetch25 = (node: WbxmlNode): WbxmlNode =>
  el('airsync:Fetch', [...childrenOf(node), el('airsync:Truncation', NOT_CUT)])

/** Up to 12.1 the filter stands in the Collection itself (MS-ASCMD 2.2.3.29.1). */
const estimated = (node: WbxmlNode): WbxmlNode => {
  const filter = child(node, 'airsync:FilterType')
  if (!filter) return node
  const rest = childrenOf(node).filter((one) => one !== filter)
  return el('getitemestimate:Collection', [...rest, el('airsync:Options', [filter])])
}

type Change = (node: WbxmlNode, asker: Asker) => WbxmlNode

/** What each version said in another way, by element. */
const changes: readonly { readonly until: EasVersion; readonly tag: TagName; readonly change: Change }[] = [
  { until: 25, tag: 'airsync:Options', change: options25 },
  { until: 25, tag: 'airsync:Fetch', change: fetch25 },
  { until: 121, tag: 'getitemestimate:Collection', change: estimated },
]

const changed = (node: WbxmlNode, asker: Asker, own: typeof changes): WbxmlNode => {
  const inner = Array.isArray(node.content)
    ? { tag: node.tag, content: childrenOf(node).map((one) => changed(one, asker, own)) }
    : node
  return own.reduce((now, { tag, change }) => (now.tag === tag ? change(now, asker) : now), inner)
}

/** A request of an older version in the words of 12.0 and later, which commands read. Errors: INVALID_VALUE. */
export const inNewerWords = (root: WbxmlNode, asker: Asker): WbxmlNode => {
  const own = changes.filter(({ until }) => asker.version <= until)
  return own.length === 0 ? root : changed(root, asker, own)
}
