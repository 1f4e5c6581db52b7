import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { XmlDocument, XsdValidator } from 'libxml2-wasm'
import { xmlRegisterFsInputProviders } from 'libxml2-wasm/lib/nodejs.mjs'
import { tagPlaces } from '../src/wbxml/code-pages.ts'
import type { WbxmlNode } from '../src/wbxml/node.ts'
import { toXml } from './wbxml-to-xml.ts'

const folder = new URL('../../../../shared/eas/xsd/', import.meta.url)
const present = existsSync(folder)
const validators = new Map<string, XsdValidator>()

if (present) xmlRegisterFsInputProviders()
else console.log('answers are not validated: ../shared/eas/xsd is not here')

const compile = (name: string): XsdValidator => {
  const url = fileURLToPath(new URL(name, folder))
  const schema = XmlDocument.fromBuffer(readFileSync(url), { url })
  return XsdValidator.fromDoc(schema)
}

const validatorOf = (name: string): XsdValidator => {
  const validator = validators.get(name) ?? compile(name)
  validators.set(name, validator)
  return validator
}

/** Checks any XML against one of Microsoft's schemas; does nothing where these aren't. */
export const validateXml = (xml: string, schema: string): void => {
  if (!present) return
  const document = XmlDocument.fromString(xml)
  try {
    validatorOf(schema).validate(document)
  } catch (error) {
    assert.fail(`${schema}: ${(error as Error).message}\n${xml.slice(0, 4_000)}`)
  } finally {
    document.dispose()
  }
}

/** Up to 12.1 a collection told its class; the schemas are those of later versions. */
const isClassOfCollection = (parent: WbxmlNode, { tag }: WbxmlNode): boolean =>
  parent.tag === 'airsync:Collection' && tag === 'airsync:Class'

/** The policy of 2.5 is a text. */
const isWapPolicy = ({ tag, content }: WbxmlNode): boolean =>
  tag === 'provision:Data' && typeof content === 'string'

const isOlder = (node: WbxmlNode): boolean => isWapPolicy(node) || (tagPlaces.get(node.tag)?.until ?? 0) < 140

/** Without the words that only versions before 14.0 have. */
const inLaterWords = (node: WbxmlNode): WbxmlNode =>
  Array.isArray(node.content)
    ? {
        tag: node.tag,
        content: (node.content as readonly WbxmlNode[])
          .filter((child) => !isOlder(child) && !isClassOfCollection(node, child))
          .map(inLaterWords),
      }
    : node

/** Checks the answer of a command against its schema: the one named after the root element. */
export const validateAgainstSchema = (root: WbxmlNode): void => {
  if (root.tag === 'folderhierarchy:Folders') validateXml(toXml(root), 'GetHierarchyResponse.xsd')
  else validateXml(toXml(inLaterWords(root)), `${tagPlaces.get(root.tag)?.localName}Response.xsd`)
}
