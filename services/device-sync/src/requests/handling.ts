import type { TagName } from '../wbxml/code-pages.ts'

/**
 * What becomes of an element of a request. `read`: it does what the specification says. `ignored`: commands never see it (it is taken
 * away before), as the specification allows. Otherwise the status by which it is refused.
 */
export type Handling = 'read' | 'ignored' | { readonly refused: string }

/** Elements of one command's requests, below its root. */
export type RequestElements = Readonly<Partial<Record<TagName, Handling>>>

const all = (handling: Handling, tags: readonly TagName[]): RequestElements =>
  Object.fromEntries(tags.map((tag) => [tag, handling]))

export const read = (...tags: readonly TagName[]): RequestElements => all('read', tags)
export const ignored = (...tags: readonly TagName[]): RequestElements => all('ignored', tags)
export const refused = (status: string, ...tags: readonly TagName[]): RequestElements =>
  all({ refused: status }, tags)
