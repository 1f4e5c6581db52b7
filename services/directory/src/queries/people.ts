import type { Reader } from '@relais/read-store'
import { inOrder, isNamed, MAX_WORDS, type Person, wordsOf } from '../people/people.ts'
import { parseList, parseMap } from '../projections/account-row.ts'

type PersonRow = {
  readonly account: string
  readonly address: string
  readonly aliases: string
  readonly display_name: string
  readonly attributes: string
}

const personOf = (row: PersonRow): Person => ({
  account: row.account,
  address: row.address,
  aliases: parseList<string>(row.aliases),
  displayName: row.display_name,
  attributes: parseMap(row.attributes),
})

/** What is looked at; a query that finds more wants one more letter. */
const MAX_CANDIDATES = 1000

// Suspended accounts get no mail. As many patterns as words are looked for.
const CANDIDATES = `SELECT account, address, aliases, display_name, attributes FROM account
  WHERE tenant = ? AND address_key > '' AND state <> 'suspended'
  ${"AND search LIKE ? ESCAPE '!' ".repeat(MAX_WORDS)} ORDER BY address_key LIMIT ?`

const patternOf = (word: string | undefined) => `%${(word ?? '').replaceAll(/[!%_]/g, '!$&')}%`

/** People of a tenant that a query names, in the order of their names. */
export const peopleNamed = async (
  reader: Reader,
  tenant: string,
  query: string,
): Promise<readonly Person[]> => {
  const words = wordsOf(query)
  if (words.length === 0) return []
  const patterns = Array.from({ length: MAX_WORDS }, (_, n) => patternOf(words[n]))
  const rows = await reader.all<PersonRow>(CANDIDATES, tenant, ...patterns, MAX_CANDIDATES)
  return inOrder(rows.map(personOf).filter((person) => isNamed(person, words)))
}
