/** Where a term is looked for. `content`: body and names of attachments; `people`: senders and recipients. */
export type SearchField = 'any' | 'sender' | 'recipients' | 'people' | 'subject' | 'content'

export type SearchTerm = {
  readonly kind: 'term'
  readonly field: SearchField
  readonly text: string
  /** True: these words in this order; false: a word, or the beginning of one. */
  readonly phrase: boolean
}

/** What texts are asked for; an index answers it. */
export type Expression =
  | SearchTerm
  | { readonly kind: 'all' | 'either'; readonly of: readonly Expression[] }
  | { readonly kind: 'not'; readonly of: Expression }
