/** Where a term is looked for. */
export type SearchField = 'any' | 'sender' | 'recipients' | 'subject'

export type SearchTerm = {
  readonly field: SearchField
  readonly text: string
  /** True: these words in this order; false: a word, or the beginning of one. */
  readonly phrase: boolean
}

/** A query: all terms must be found. */
export type SearchQuery = { readonly terms: readonly SearchTerm[]; readonly withAttachment: boolean }

export const MAX_QUERY_LENGTH = 1024
export const MAX_TERMS = 32

const FIELDS: Readonly<Record<string, SearchField>> = { from: 'sender', to: 'recipients', subject: 'subject' }

const TOKEN = /(?:(from|to|subject|has):)?(?:"([^"]*)"?|([^\s"]+))/giu

/** Words, "phrases", from:, to:, subject: (each with a word or a phrase) and has:attachment. Whatever else stands there is words. */
export const parseQuery = (text: string): SearchQuery => {
  const terms: SearchTerm[] = []
  let withAttachment = false
  for (const [, prefix = '', quoted, word = ''] of text.slice(0, MAX_QUERY_LENGTH).matchAll(TOKEN)) {
    const name = prefix.toLowerCase()
    const said = quoted ?? word
    if (name === 'has' && /^attachments?$/i.test(said)) withAttachment = true
    else if (hasWord(said))
      terms.push({ field: FIELDS[name] ?? 'any', text: said, phrase: quoted !== undefined })
  }
  return { terms: terms.slice(0, MAX_TERMS), withAttachment }
}

/** Something that the index has words of; a field without anything behind it asks for nothing. */
const hasWord = (text: string) =>
  /[\p{L}\p{N}\p{Co}]/u.test(text) && !/^(?:from|to|subject|has):$/i.test(text)

/** True: it asks for nothing, and nothing is found. */
export const isEmpty = ({ terms, withAttachment }: SearchQuery): boolean =>
  terms.length === 0 && !withAttachment
