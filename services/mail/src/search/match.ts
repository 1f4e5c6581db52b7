import { hash } from 'node:crypto'
import type { AccountKey } from '../queries/account.ts'
import type { Expression, SearchField, SearchTerm } from './query.ts'

const COLUMNS: Readonly<Record<SearchField, string>> = {
  any: '{sender recipients subject attachments body}',
  sender: '{sender}',
  recipients: '{recipients}',
  people: '{sender recipients}',
  subject: '{subject}',
  content: '{attachments body}',
}

/** A word that all texts of one account have and no other's: an index of all accounts is searched as if it were this one's. */
export const scopeOf = ({ tenant, account }: AccountKey): string =>
  `s${hash('sha256', `${tenant}\n${account}`, 'hex').slice(0, 24)}`

/** An FTS5 string: everything in it is text, whatever it looks like. */
const quoted = (text: string) => `"${text.replaceAll('\0', ' ').replaceAll('"', '""')}"`

const termExpression = ({ field, text, phrase }: SearchTerm): string =>
  `${COLUMNS[field]} : ${quoted(text)}${phrase ? '' : ' *'}`

/** FTS5 has no NOT without something that it takes away from: that is all texts of the account. */
const expressionOf = (scope: string, expression: Expression): string => {
  switch (expression.kind) {
    case 'term':
      return termExpression(expression)
    case 'not':
      return `(${scope} NOT ${expressionOf(scope, expression.of)})`
    default: {
      const operator = expression.kind === 'all' ? ' AND ' : ' OR '
      return `(${expression.of.map((one) => expressionOf(scope, one)).join(operator)})`
    }
  }
}

/** The FTS5 expression of a query inside one account (https://sqlite.org/fts5.html section 3). */
export const matchExpression = (key: AccountKey, expression: Expression | undefined): string => {
  const scope = `{scope} : ${quoted(scopeOf(key))}`
  return expression === undefined ? scope : `${scope} AND ${expressionOf(scope, expression)}`
}
