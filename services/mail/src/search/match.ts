import { hash } from 'node:crypto'
import type { AccountKey } from '../queries/account.ts'
import type { SearchField, SearchQuery, SearchTerm } from './query.ts'

const COLUMNS: Readonly<Record<SearchField, string>> = {
  any: '{sender recipients subject attachments body}',
  sender: '{sender}',
  recipients: '{recipients}',
  subject: '{subject}',
}

/** A word that all texts of one account have and no other's: an index of all accounts is searched as if it were this one's. */
export const scopeOf = ({ tenant, account }: AccountKey): string =>
  `s${hash('sha256', `${tenant}\n${account}`, 'hex').slice(0, 24)}`

/** An FTS5 string: everything in it is text, whatever it looks like. */
const quoted = (text: string) => `"${text.replaceAll('\0', ' ').replaceAll('"', '""')}"`

const termExpression = ({ field, text, phrase }: SearchTerm): string =>
  `${COLUMNS[field]} : ${quoted(text)}${phrase ? '' : ' *'}`

/** The FTS5 expression of a query inside one account (https://sqlite.org/fts5.html section 3). */
export const matchExpression = (key: AccountKey, { terms }: SearchQuery): string =>
  [`{scope} : ${quoted(scopeOf(key))}`, ...terms.map(termExpression)].join(' AND ')
