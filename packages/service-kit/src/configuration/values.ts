import { type RelaisError, terminal } from '../errors.ts'
import type { Setting } from './settings.ts'

/** A value and where it comes from, in words for people: `--port`, `RELAIS_PORT`, the file's path. */
export type Given = { readonly value: unknown; readonly origin: string }

/** Values by the names of their settings. */
export type Values = ReadonlyMap<string, Given>

/** A configuration that can't be used; the message is one line that names the setting and where it comes from. */
export const invalid = (line: string): RelaisError => terminal('CONFIGURATION_INVALID', line)

const SWITCH = new Map([
  ['true', true],
  ['yes', true],
  ['on', true],
  ['1', true],
  ['false', false],
  ['no', false],
  ['off', false],
  ['0', false],
])

const listed = (text: string) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')

const numeric = (text: string): unknown => (/^-?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : text)

/** What a text stands for; one that stands for nothing stays a text, which the schema then refuses. */
export const fromText = ({ kind }: Setting, text: string): unknown => {
  if (kind === 'switch') return SWITCH.get(text.trim().toLowerCase()) ?? text
  if (kind === 'list') return listed(text)
  return kind === 'number' ? numeric(text) : text
}
