import type { EasVersion } from '../wbxml/code-page.ts'
import { knownIn } from '../wbxml/code-pages.ts'
import type { WbxmlContent, WbxmlNode } from '../wbxml/node.ts'

const contentIn = (content: WbxmlContent, version: EasVersion): WbxmlContent => {
  if (!Array.isArray(content)) return content
  const nodes: readonly WbxmlNode[] = content
  const kept = nodes.flatMap((node) => (knownIn(node.tag, version) ? [ofVersion(node, version)] : []))
  return kept.every((node, n) => node === nodes[n]) && kept.length === nodes.length ? content : kept
}

/**
 * A request without the elements that its version doesn't have: they mean nothing in it, whoever sends them. The root stays, for it is
 * the command's. What is whole is given back as it is.
 */
export const ofVersion = (node: WbxmlNode, version: EasVersion): WbxmlNode => {
  const content = contentIn(node.content, version)
  return content === node.content ? node : { tag: node.tag, content }
}
