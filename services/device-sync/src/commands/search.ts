import type { DirectoryClient, Person } from '@relais/proto/directory/v1/directory.ts'
import type { MailClient, Message } from '@relais/proto/mail/v1/mail.ts'
import { type CallExtras, isCoded } from '@relais/service-kit'
import { emailElements } from '../classes/email.ts'
import { itemClassOf } from '../classes/item-class.ts'
import { longIdOf } from '../classes/long-id.ts'
import { personElements } from '../people/person-elements.ts'
import { GAL_PICTURE, type Pictured, picturesOf } from '../people/pictures.ts'
import { findMail } from '../search/found-mail.ts'
import { readMailboxQuery } from '../search/mailbox-query.ts'
import { type ResultRange, rangeText, sizeOf } from '../search/result-range.ts'
import { bodiesIn, isDeep, picturesIn, rangeIn } from '../search/search-options.ts'
import { isRefusal, type Refusal, refused, STORE_STATUS } from '../search/store-status.ts'
import { ValueError } from '../wbxml/errors.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'
import { child, textChild, textOf } from '../wbxml/read.ts'
import { answer, type Command, type CommandAnswer, type CommandContext } from './command.ts'

export type SearchDeps = {
  readonly mail: MailClient<CallExtras>
  readonly directory: DirectoryClient<CallExtras>
}

const OK = 1
const MAX_NAME = 256
const MAX_PEOPLE_QUERY = 256

/** What a store has found, of the range that was asked for. */
type Results = {
  readonly range: ResultRange
  readonly total: number
  readonly results: readonly WbxmlNode[]
}

type Asked = {
  readonly query: WbxmlNode
  readonly options: WbxmlNode | undefined
  readonly range: ResultRange
}
type Store = (deps: SearchDeps, context: CommandContext, asked: Asked) => Promise<Results | Refusal>

const messageResult = (message: Message, { version }: CommandContext): WbxmlNode =>
  el('search:Result', [
    el('airsync:Class', itemClassOf(message)),
    el('search:LongId', longIdOf(message.item)),
    el('airsync:CollectionId', message.mailbox),
    el('search:Properties', emailElements(message, { version })),
  ])

const searchMailbox: Store = async ({ mail }, context, { query, options, range }) => {
  const asked = readMailboxQuery(query)
  if (isRefusal(asked)) return asked
  const { freeText: text, ...bounds } = asked
  const search = { ...bounds, text, range, deep: isDeep(options), options: bodiesIn(options) }
  const { messages, total } = await findMail(mail, context, search)
  return { range, total, results: messages.map((message) => messageResult(message, context)) }
}

const PICTURE = {
  picture: 'search:Picture',
  maxSize: 'search:MaxSize',
  maxPictures: 'search:MaxPictures',
} as const

const personResult = (person: Person, pictured: Pictured): WbxmlNode =>
  el('search:Result', [el('search:Properties', personElements(person, pictured(person)))])

const searchPeople: Store = async ({ directory }, context, { query, options, range }) => {
  const { user, call } = context
  const text = textOf(query, MAX_PEOPLE_QUERY).trim()
  if (text === '') return refused(STORE_STATUS.invalid, 'nothing is asked for')
  const pictures = picturesIn(options, PICTURE)
  const request = {
    tenant: user.tenant,
    query: text.slice(0, 200),
    offset: range.first,
    limit: sizeOf(range),
  }
  const { people, total } = await directory.searchPeople(request, call)
  const pictured = await picturesOf(directory, context, { people, options: pictures, tags: GAL_PICTURE })
  return { range, total, results: people.map((person) => personResult(person, pictured)) }
}

/** There are no documents: nobody may look at them. */
const searchDocuments: Store = async () => refused(STORE_STATUS.denied, 'there are no document libraries')

const stores: Readonly<Record<string, Store>> = {
  mailbox: searchMailbox,
  gal: searchPeople,
  documentlibrary: searchDocuments,
}

const statuses: Readonly<Record<string, Refusal['refused']>> = {
  INVALID_VALUE: STORE_STATUS.invalid,
  INVALID_ARGUMENT: STORE_STATUS.invalid,
  MAILBOX_NOT_FOUND: STORE_STATUS.folderSync,
  PERMISSION_DENIED: STORE_STATUS.denied,
  DEADLINE_EXCEEDED: STORE_STATUS.timedOut,
}

/** What a store says instead of an answer; undefined: it is for the whole request to say. */
const refusalOf = (error: unknown): Refusal | undefined => {
  if (!isCoded(error)) return undefined
  const status = statuses[error.code]
  return status && refused(status, error.message)
}

const search = async (deps: SearchDeps, context: CommandContext): Promise<Results | Refusal> => {
  const store = child(context.body, 'search:Store')
  const name = (textChild(store, 'search:Name', { max: MAX_NAME }) ?? '').trim().toLowerCase()
  const ask = stores[name]
  if (!ask) return refused(STORE_STATUS.invalid, 'no such store')
  const query = child(store, 'search:Query')
  if (!query) throw new ValueError('search:Query', 'is missing')
  const options = child(store, 'search:Options')
  const range = rangeIn(options)
  return isRefusal(range) ? range : ask(deps, context, { query, options, range })
}

/** Exchange says by one empty Result that nothing was found. */
const foundElements = ({ range, total, results }: Results): readonly WbxmlNode[] => [
  el('search:Status', STORE_STATUS.ok),
  ...(results.length === 0 ? [el('search:Result')] : results),
  el('search:Range', rangeText(range, results.length)),
  el('search:Total', total),
]

const run = async (deps: SearchDeps, context: CommandContext): Promise<CommandAnswer> => {
  const found = await search(deps, context).catch((error: unknown) => {
    const refusal = refusalOf(error)
    if (!refusal) throw error
    return refusal
  })
  const store = isRefusal(found) ? [el('search:Status', found.refused)] : foundElements(found)
  return answer(
    el('search:Search', [el('search:Status', OK), el('search:Response', [el('search:Store', store)])]),
  )
}

/**
 * Search (MS-ASCMD 2.2.1.16) in the mailbox and in the tenant's address list. Every search is made anew, so RebuildResults says nothing.
 */
export const createSearch = (deps: SearchDeps): Command => ({
  name: 'Search',
  body: 'small',
  emptyBody: false,
  run: (context) => run(deps, context),
})
