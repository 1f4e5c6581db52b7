import type { DirectoryClient, Person } from '@relais/proto/directory/v1/directory.ts'
import type { CallExtras } from '@relais/service-kit'
import { type Certified, certificatesOf } from '../people/certificates.ts'
import { type Pictured, type PictureTags, picturesOf } from '../people/pictures.ts'
import { type Resolved, resolveName } from '../people/resolve.ts'
import { type ResolveRequest, readResolve } from '../people/resolve-request.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'
import { answer, type Command, type CommandAnswer, type CommandContext } from './command.ts'

export type ResolveRecipientsDeps = { readonly directory: DirectoryClient<CallExtras> }

const OK = 1
/** Status of a Response (MS-ASCMD 2.2.3.177.12): found; may be any of these; of these and more; nobody. */
const RESPONSE_STATUS = { found: 1, ambiguous: 2, partial: 3, nobody: 4 } as const
/** A person of the address list. */
const OF_THE_LIST = 2

const availability = (digits: string): WbxmlNode =>
  el('resolverecipients:Availability', [
    el('resolverecipients:Status', OK),
    el('resolverecipients:MergedFreeBusy', digits),
  ])

const PICTURE: PictureTags = {
  picture: 'resolverecipients:Picture',
  status: 'resolverecipients:Status',
  data: 'resolverecipients:Data',
}

/** What is told of people beside who they are: certificates and times only of who is surely meant (MS-ASCMD 2.2.3.177.12). */
type Told = {
  readonly freeBusy: string | undefined
  readonly certified: Certified
  readonly pictured: Pictured
}

const recipient = (person: Person, isSure: boolean, { freeBusy, certified, pictured }: Told): WbxmlNode => {
  const { displayName, address } = person
  return el('resolverecipients:Recipient', [
    el('resolverecipients:Type', OF_THE_LIST),
    el('resolverecipients:DisplayName', displayName || address),
    el('resolverecipients:EmailAddress', address),
    isSure && freeBusy !== undefined && availability(freeBusy),
    isSure && certified(person),
    pictured(person),
  ])
}

const statusOf = ({ people, total }: Resolved, shown: number): number => {
  if (people.length === 0) return RESPONSE_STATUS.nobody
  if (total === 1) return RESPONSE_STATUS.found
  return shown < total ? RESPONSE_STATUS.partial : RESPONSE_STATUS.ambiguous
}

const isSure = ({ total }: Resolved): boolean => total === 1

const shownOf = (resolved: Resolved, { maxAmbiguous }: ResolveRequest): readonly Person[] =>
  isSure(resolved) ? resolved.people : resolved.people.slice(0, maxAmbiguous)

const response = (to: string, resolved: Resolved, asked: ResolveRequest & { told: Told }): WbxmlNode => {
  const people = shownOf(resolved, asked)
  return el('resolverecipients:Response', [
    el('resolverecipients:To', to),
    el('resolverecipients:Status', statusOf(resolved, people.length)),
    el('resolverecipients:RecipientCount', resolved.total),
    ...people.map((person) => recipient(person, isSure(resolved), asked.told)),
  ])
}

/** Searches of the address list that run at once for one request. */
const AT_ONCE = 8

const resolveAll = async (
  { directory }: ResolveRecipientsDeps,
  context: CommandContext,
  { to: names, maxAmbiguous: suggestions }: ResolveRequest,
): Promise<readonly Resolved[]> => {
  const resolved: Resolved[] = []
  for (let at = 0; at < names.length; at += AT_ONCE) {
    const some = names.slice(at, at + AT_ONCE)
    resolved.push(
      ...(await Promise.all(some.map((name) => resolveName(directory, context, { to: name, suggestions })))),
    )
  }
  return resolved
}

const toldOf = async (
  { directory }: ResolveRecipientsDeps,
  context: CommandContext,
  { asked, resolved }: { readonly asked: ResolveRequest; readonly resolved: readonly Resolved[] },
): Promise<Told> => {
  const sure = resolved.filter(isSure).flatMap(({ people }) => people)
  const shown = resolved.flatMap((one) => shownOf(one, asked))
  return {
    freeBusy: asked.freeBusy,
    certified: await certificatesOf(directory, context, { people: sure, options: asked.certificates }),
    pictured: await picturesOf(directory, context, { people: shown, options: asked.pictures, tags: PICTURE }),
  }
}

const run = async (deps: ResolveRecipientsDeps, context: CommandContext): Promise<CommandAnswer> => {
  const asked = readResolve(context.body)
  const resolved = await resolveAll(deps, context, asked)
  const told = await toldOf(deps, context, { asked, resolved })
  const responses = asked.to.map((to, n) => response(to, resolved[n] as Resolved, { ...asked, told }))
  return answer(el('resolverecipients:ResolveRecipients', [el('resolverecipients:Status', OK), ...responses]))
}

/** ResolveRecipients (MS-ASCMD 2.2.1.15): names into people of the tenant's address list. */
export const createResolveRecipients = (deps: ResolveRecipientsDeps): Command => ({
  name: 'ResolveRecipients',
  body: 'small',
  emptyBody: false,
  run: (context) => run(deps, context),
})
