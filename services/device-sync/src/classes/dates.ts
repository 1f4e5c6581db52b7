import { ValueError } from '../wbxml/errors.ts'
import type { WbxmlNode } from '../wbxml/node.ts'
import { textOf } from '../wbxml/read.ts'

/** MS-ASDTYPE 2.3: 2026-01-05T09:00:00.000Z. */
export const dateTime = (at: number): string => new Date(at).toISOString()

/** With and without dashes, colons and milliseconds: clients mix the two forms. */
const FORMS = /^(\d{4})-?(\d{2})-?(\d{2})T(\d{2}):?(\d{2}):?(\d{2})(?:\.(\d{1,3})\d*)?Z$/

/** Milliseconds since 1970 of a UTC time in either form; undefined if it is neither or no such time exists. */
export const parseDateTime = (text: string): number | undefined => {
  const parts = FORMS.exec(text.trim())
  if (!parts) return undefined
  const [, year, month, day, hour, minute, second, fraction = ''] = parts
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, '0')}Z`
  const at = Date.parse(iso)
  // Date.parse takes 30 February for 2 March.
  return Number.isNaN(at) || new Date(at).toISOString() !== iso ? undefined : at
}

/** Time of an element; Error: INVALID_VALUE. */
export const dateTimeOf = (node: WbxmlNode): number => {
  const at = parseDateTime(textOf(node, 40))
  if (at === undefined) throw new ValueError(node.tag, 'is not a time')
  return at
}
