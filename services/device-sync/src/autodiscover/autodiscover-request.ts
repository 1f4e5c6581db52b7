import { terminal } from '@relais/service-kit'
import { SaxesParser } from 'saxes'

/** What a client asks of Autodiscover (MS-ASCMD 2.2.1.1); '' where it doesn't say. */
export type AutodiscoverRequest = { readonly address: string; readonly responseSchema: string }

export const MAX_AUTODISCOVER_BYTES = 16 * 1024

const MAX_DEPTH = 8
const MAX_TEXT = 1024

const malformed = (reason: string) => terminal('AUTODISCOVER_MALFORMED', reason)

/** Elements we look at, by local name: their namespace varies with the schema asked for. */
const wanted = new Map([
  ['EMailAddress', 'address'],
  ['AcceptableResponseSchema', 'responseSchema'],
] as const)

type Reading = { path: string[]; text: string; found: Partial<Record<keyof AutodiscoverRequest, string>> }

const open = (reading: Reading, name: string): void => {
  reading.path.push(name)
  reading.text = ''
  if (reading.path.length > MAX_DEPTH) throw malformed('elements too deep')
}

const addText = (reading: Reading, text: string): void => {
  reading.text += text
  if (reading.text.length > MAX_TEXT) throw malformed('a text too long')
}

/** The first value of each counts: Autodiscover/Request/EMailAddress. */
const close = (reading: Reading): void => {
  const field = wanted.get(reading.path.pop() as 'EMailAddress')
  if (field && reading.path.join('/') === 'Autodiscover/Request') reading.found[field] ??= reading.text.trim()
  reading.text = ''
}

const localName = (name: string): string => name.slice(name.indexOf(':') + 1)

/**
 * Reads the XML of a request, strictly: no DTD (so no entities but XML's own five), no depth, no long texts.
 * Errors: AUTODISCOVER_MALFORMED.
 */
export const parseAutodiscoverRequest = (xml: string): AutodiscoverRequest => {
  const reading: Reading = { path: [], text: '', found: {} }
  const parser = new SaxesParser({ xmlns: false })
  parser.on('doctype', () => {
    throw malformed('a document type')
  })
  parser.on('error', (error) => {
    throw malformed(`not well-formed: ${error.message.slice(0, 80)}`)
  })
  parser.on('opentag', ({ name }) => open(reading, localName(name)))
  parser.on('text', (text) => addText(reading, text))
  parser.on('cdata', (text) => addText(reading, text))
  parser.on('closetag', () => close(reading))
  parser.write(xml).close()
  return { address: reading.found.address ?? '', responseSchema: reading.found.responseSchema ?? '' }
}
