import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import type { Account } from '../eas/phone-state.ts'

/** Of a file of accounts. */
const MOST_BYTES = 256 * 1024 * 1024
const MOST_FIELD = 1024

/** Accounts of a file: CSV with a header that has `address` and `password` (what `relais account import` takes), or the JSON that `npm start -- --seed` takes. Errors: in words. */
export const readAccounts = (file: string): readonly Account[] => {
  const bytes = readFileSync(file)
  if (bytes.length > MOST_BYTES) throw new RangeError(`${file} is larger than ${MOST_BYTES} bytes`)
  const text = bytes.toString('utf8')
  const accounts = /^\s*\{/.test(text) ? accountsOfSeed(text) : accountsOfCsv(text)
  if (accounts.length === 0) throw new RangeError(`${file} has no accounts`)
  return accounts.map((account, n) => checked(account, n + 1))
}

export const accountsOfCsv = (text: string): readonly Given[] =>
  parse(text, { columns: true, bom: true, trim: true, skip_empty_lines: true, relax_column_count: true })

type Given = { readonly address?: unknown; readonly password?: unknown }

export const accountsOfSeed = (text: string): readonly Given[] => {
  const { tenants }: { tenants?: unknown } = parsed(text)
  return listOf(tenants).flatMap((tenant: { accounts?: unknown } | null) => listOf(tenant?.accounts))
}

const listOf = (value: unknown): readonly never[] => (Array.isArray(value) ? (value as never[]) : [])

/** What the parser says would show a piece of the text, in which there are passwords. */
const parsed = (text: string): { tenants?: unknown } => {
  try {
    return JSON.parse(text)
  } catch {
    throw new SyntaxError('it begins as JSON does, and is none')
  }
}

/** What goes into heads of requests and commands of SMTP has no place for line ends. */
const ADDRESS = /^[^\s<>@"]{1,64}@[^\s<>@"]{1,255}$/

const checked = (given: Given | null, n: number): Account => {
  const { address, password } = given ?? {}
  if (typeof address !== 'string' || !ADDRESS.test(address))
    throw new RangeError(`account ${n} has no address`)
  if (typeof password !== 'string' || password === '' || password.length > MOST_FIELD)
    throw new RangeError(`account ${n} has no password`)
  return { address, password }
}

/** Accounts for a test installation, as `relais account import` and `readAccounts` take them. */
export const madeAccounts = (count: number, domain: string, password: () => string): string =>
  [
    'address,password',
    ...Array.from({ length: count }, (_, n) => `load${n}@${domain},${password()}`),
    '',
  ].join('\n')
