import { tagPlaces } from '../src/wbxml/code-pages.ts'
import { StreamedContent, Utf8Text, type WbxmlContent, type WbxmlNode } from '../src/wbxml/node.ts'

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#13;' }

/** Schemas say nothing about what is in a long text, and parsers refuse very long ones. */
const MAX_TEXT = 100_000

const escaped = (text: string): string =>
  text
    .slice(0, MAX_TEXT)
    .toWellFormed()
    .replaceAll(/[&<>\r]/g, (letter) => escapes[letter] ?? '')

const contentXml = (content: WbxmlContent): string => {
  if (content === null) return ''
  if (typeof content === 'string') return escaped(content)
  if (content instanceof Utf8Text) return escaped(Buffer.from(content.utf8).toString('utf8'))
  if (content instanceof Uint8Array) return Buffer.from(content).toString('base64')
  if (content instanceof StreamedContent) throw new TypeError('streamed content has no XML before it is sent')
  return content.map(toXml).join('')
}

/** The document as XML with namespaces; opaque content in base64. */
export const toXml = ({ tag, content }: WbxmlNode): string => {
  const place = tagPlaces.get(tag)
  if (!place) throw new TypeError(`no such tag: ${tag}`)
  // Code pages and schemas write it differently.
  const namespace = place.namespace === 'Gal' ? 'GAL' : place.namespace
  return `<${place.localName} xmlns="${namespace}">${contentXml(content)}</${place.localName}>`
}
