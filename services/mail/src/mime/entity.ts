import type { Part } from '@relais/proto/mail/v1/message.ts'
import { decodeWords, displayText } from './encoded-word.ts'
import { type Field, firstField } from './header-block.ts'
import { MAX_NAME, MAX_SUBJECT } from './limits.ts'
import { parameterText, parseStructured, type StructuredField, unfold } from './parameters.ts'
import { spend, type TextBudget } from './text-budget.ts'
import { normalizeEncoding } from './transfer.ts'

/** What an entity's header says about it. */
export type EntityHeader = {
  readonly type: string
  readonly charset: string
  readonly encoding: string
  readonly disposition: string
  readonly filename: string
  readonly contentId: string
  readonly contentLocation: string
  readonly parameters: { [name: string]: string }
  /** One character per byte, without white space at its end; '' if there is none. */
  readonly boundary: string
}

/** Content-Type parameters that readers of the structure need. */
const KEPT = [
  'access-type',
  'delsp',
  'format',
  'method',
  'protocol',
  'report-type',
  'smime-type',
  'start',
  'type',
]

const TYPE = /^[a-z0-9!#$&^_.+-]{1,64}\/[a-z0-9!#$&^_.+-]{1,127}$/

/** RFC 2045 §5.2: a missing or broken type is text/plain, in a digest message/rfc822 (RFC 2046 §5.1.5). */
const typeOf = (value: string, fallback: string): string => {
  if (TYPE.test(value)) return value
  if (value === 'text' || value === '') return value === '' ? fallback : 'text/plain'
  return value === 'multipart' ? 'multipart/mixed' : 'text/plain'
}

const keptParameters = (field: StructuredField, budget: TextBudget): { [name: string]: string } => {
  const kept: { [name: string]: string } = {}
  for (const name of KEPT) {
    const text = displayText(parameterText(field, name), MAX_NAME)
    if (text !== '' && spend(budget, name + text) !== '') kept[name] = text
  }
  return kept
}

const DISPOSITION = /^[a-z0-9-]{1,32}$/

const filenameOf = (disposition: StructuredField, type: StructuredField, hint: string): string =>
  displayText(parameterText(disposition, 'filename', hint) || parameterText(type, 'name', hint), MAX_NAME)

const shortText = (fields: readonly Field[], name: string): string =>
  displayText(unfold(firstField(fields, name) ?? ''), MAX_NAME * 2)

export type EntityReading = {
  readonly fields: readonly Field[]
  readonly defaultType: string
  readonly budget: TextBudget
  readonly hint: string
}

/** Reads the Content fields of an entity (RFC 2045, 2183, 2231, 2392, 2557). */
export const readEntityHeader = ({ fields, defaultType, budget, hint }: EntityReading): EntityHeader => {
  const contentType = parseStructured(firstField(fields, 'content-type') ?? '')
  const disposition = parseStructured(firstField(fields, 'content-disposition') ?? '')
  return {
    type: spend(budget, typeOf(contentType.value, defaultType)) || 'application/octet-stream',
    charset: spend(budget, displayText(parameterText(contentType, 'charset'), 64).toLowerCase()),
    encoding: normalizeEncoding(unfold(firstField(fields, 'content-transfer-encoding') ?? '')),
    disposition: DISPOSITION.test(disposition.value) ? disposition.value : '',
    filename: spend(budget, filenameOf(disposition, contentType, hint)),
    contentId: spend(budget, shortText(fields, 'content-id').replace(/^<|>$/g, '')),
    contentLocation: spend(budget, shortText(fields, 'content-location')),
    parameters: keptParameters(contentType, budget),
    boundary: (contentType.parameters.get('boundary') ?? parameterText(contentType, 'boundary')).trimEnd(),
  }
}

/** Subject of an embedded message, from which its attachment gets a name. */
export const embeddedSubject = ({ fields, budget, hint }: EntityReading): string =>
  spend(budget, displayText(decodeWords(unfold(firstField(fields, 'subject') ?? ''), hint), MAX_SUBJECT))

export const newPart = (headerStart: number, header: EntityHeader): Part => ({
  id: '',
  type: header.type,
  charset: header.charset,
  encoding: header.encoding,
  disposition: header.disposition,
  filename: header.filename,
  contentId: header.contentId,
  contentLocation: header.contentLocation,
  headerStart,
  bodyStart: headerStart,
  bodyEnd: headerStart,
  decodedSize: 0,
  parts: [],
  parameters: header.parameters,
  lines: 0,
  subject: '',
})
