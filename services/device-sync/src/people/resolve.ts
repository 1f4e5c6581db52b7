import type { DirectoryClient, Person } from '@relais/proto/directory/v1/directory.ts'
import type { CallExtras } from '@relais/service-kit'
import type { CommandContext } from '../commands/command.ts'

/** Whom a name means. */
export type Resolved = { readonly people: readonly Person[]; readonly total: number }

const NOBODY: Resolved = { people: [], total: 0 }

const ADDRESS = /<([^<>]*)>\s*$/

/** The address in `"Name" <a@b>`, or the whole. */
const addressIn = (to: string): string => (ADDRESS.exec(to)?.[1] ?? to).trim().toLowerCase()

const has = ({ address, aliases }: Person, wanted: string): boolean =>
  address.toLowerCase() === wanted || aliases.some((alias) => alias.toLowerCase() === wanted)

const MAX_QUERY = 200
/** Whose addresses begin with the one that is meant. */
const NAMESAKES = 100

/** One person where the name is an address of theirs, else all whom it may mean. Only in the phone's own tenant. */
export const resolveName = async (
  directory: DirectoryClient<CallExtras>,
  { user: { tenant }, call }: CommandContext,
  { to, suggestions }: { readonly to: string; readonly suggestions: number },
): Promise<Resolved> => {
  const address = addressIn(to)
  const isAddress = address.includes('@')
  const query = (isAddress ? address : to).slice(0, MAX_QUERY).trim()
  if (query === '') return NOBODY
  const limit = isAddress ? NAMESAKES : Math.min(1000, Math.max(1, suggestions))
  const { people, total } = await directory.searchPeople({ tenant, query, limit }, call)
  const exact = people.filter((person) => has(person, address))
  return exact.length > 0 ? { people: exact, total: exact.length } : { people, total }
}
