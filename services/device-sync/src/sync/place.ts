import type { EasVersion } from '../wbxml/code-page.ts'

/** A collection as a protocol version sees it. */
export type Place = { readonly collection: string; readonly version: EasVersion }

const DRAFTS = 'drafts'
const DRAFTS_SINCE: EasVersion = 160

const TEXTS_SINCE: EasVersion = 140
const TEXTS_EVERYWHERE_SINCE: EasVersion = 141
const FIRST_WITH_TEXTS = new Set(['inbox', 'outbox', 'sent'])
const TEXTS_ADDED_TO = new Set(['inbox', 'outbox'])

export const takesDrafts = ({ collection, version }: Place): boolean =>
  collection === DRAFTS && version >= DRAFTS_SINCE

/** MS-ASMS 3.1.5.1: 14.0 has text messages in three folders, later versions in all of mail. */
export const hasTextMessages = ({ collection, version }: Place): boolean =>
  version >= TEXTS_EVERYWHERE_SINCE || (version >= TEXTS_SINCE && FIRST_WITH_TEXTS.has(collection))

/** Where a phone keeps its own. */
export const takesTextMessages = ({ collection, version }: Place): boolean =>
  TEXTS_ADDED_TO.has(collection) && version >= TEXTS_SINCE
