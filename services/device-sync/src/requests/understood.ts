import type { EasVersion } from '../wbxml/code-page.ts'
import { knownIn } from '../wbxml/code-pages.ts'
import type { WbxmlContent, WbxmlNode } from '../wbxml/node.ts'
import type { RequestElements } from './handling.ts'

/** What a request is read with. */
export type Reader = { readonly version: EasVersion; readonly elements: RequestElements }

const isUnderstood = ({ tag }: WbxmlNode, { version, elements }: Reader): boolean =>
  elements[tag] !== 'ignored' && knownIn(tag, version)

const contentFor = (content: WbxmlContent, reader: Reader): WbxmlContent => {
  if (!Array.isArray(content)) return content
  const nodes: readonly WbxmlNode[] = content
  const kept = nodes.flatMap((node) => (isUnderstood(node, reader) ? [understood(node, reader)] : []))
  return kept.length === nodes.length && kept.every((node, n) => node === nodes[n]) ? content : kept
}

/**
 * A request without what its command ignores, and without elements that its version doesn't have: they mean nothing in it, whoever sends
 * them. The root stays, for it is the command's. What is whole is given back as it is.
 */
export const understood = (node: WbxmlNode, reader: Reader): WbxmlNode => {
  const content = contentFor(node.content, reader)
  return content === node.content ? node : { tag: node.tag, content }
}
