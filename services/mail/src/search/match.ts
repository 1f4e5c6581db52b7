import { hash } from 'node:crypto'
import type { AccountKey } from '../queries/account.ts'
import type { Expression, SearchField, SearchTerm } from './expression.ts'
import { isBeginning, wordsOf } from './words.ts'

const COLUMNS: Readonly<Record<SearchField, string>> = {
  any: '{sender recipients subject attachments body}',
  sender: '{sender}',
  recipients: '{recipients}',
  people: '{sender recipients}',
  subject: '{subject}',
  content: '{attachments body}',
}

/**
 * A word that all texts of one account have and no other's, and with which each of its words begins: the index of all accounts is searched as if it
 * were this one's, whatever others have in it.
 */
export const scopeOf = ({ tenant, account }: AccountKey): string =>
  `s${hash('sha256', `${tenant}\n${account}`, 'hex').slice(0, 15)}`

/** The same of one volume of an account's texts; all are of one length, so none is the beginning of another. */
export const volumeScope = (key: AccountKey, volume: number): string =>
  scopeOf(key) + volume.toString(36).padStart(5, '0')

/** Words of letters and digits alone: nothing gets out of the quotes. */
const termExpression = (scope: string, { field, text, phrase }: SearchTerm): string => {
  const words = wordsOf(text)
  const isWhole = phrase || !isBeginning(words.at(-1) ?? '')
  return `${COLUMNS[field]} : "${words.map((word) => scope + word).join(' ')}"${isWhole ? '' : ' *'}`
}

const allOf = (scope: string): string => `{scope} : "${scope}"`

/** FTS5 has no NOT without something that it takes away from: that is all texts of the account. */
const expressionOf = (scope: string, expression: Expression): string => {
  switch (expression.kind) {
    case 'term':
      return termExpression(scope, expression)
    case 'not':
      return `(${allOf(scope)} NOT ${expressionOf(scope, expression.of)})`
    default: {
      const operator = expression.kind === 'all' ? ' AND ' : ' OR '
      return `(${expression.of.map((one) => expressionOf(scope, one)).join(operator)})`
    }
  }
}

/** The FTS5 expression of a query inside one scope (https://sqlite.org/fts5.html section 3). */
export const matchExpression = (scope: string, expression: Expression | undefined): string =>
  expression === undefined ? allOf(scope) : expressionOf(scope, expression)
