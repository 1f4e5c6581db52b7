import type { PolicyEntry } from '@relais/mobile-policy'
import type { TagName } from '../wbxml/code-pages.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'

/** Names of rules and of their members are elements of code page 14. */
const tagOf = (name: string): TagName => `provision:${name}` as TagName

const element = ({ name, rule, values }: PolicyEntry): WbxmlNode =>
  rule.kind === 'list'
    ? el(
        tagOf(name),
        values.map((value) => el(tagOf(rule.item), value)),
      )
    : el(tagOf(name), values[0] ?? '')

/** EASProvisionDoc (MS-ASPROV 2.2.2.28) of the rules, in their order; what isn't said is left to the device. */
export const provisionDocument = (entries: readonly PolicyEntry[]): WbxmlNode =>
  el('provision:EASProvisionDoc', entries.map(element))
