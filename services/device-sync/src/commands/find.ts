import type { DirectoryClient, Person } from '@relais/proto/directory/v1/directory.ts'
import type { MailClient, Message } from '@relais/proto/mail/v1/mail.ts'
import type { Address } from '@relais/proto/mail/v1/message.ts'
import { type CallExtras, isCoded } from '@relais/service-kit'
import { addressList, displayList } from '../classes/addresses.ts'
import { dateTime } from '../classes/dates.ts'
import { itemClassOf } from '../classes/item-class.ts'
import { serverIdOf } from '../classes/server-id.ts'
import { personElements } from '../people/person-elements.ts'
import { GAL_PICTURE, type Pictured, picturesOf } from '../people/pictures.ts'
import {
  FIND_STATUS,
  type FindRequest,
  type MailFind,
  type PeopleFind,
  readFind,
} from '../search/find-request.ts'
import { findMail } from '../search/found-mail.ts'
import { rangeText, sizeOf } from '../search/result-range.ts'
import type { RunningFinds } from '../search/running-finds.ts'
import type { TagName } from '../wbxml/code-pages.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'
import { answer, type Command, type CommandAnswer, type CommandContext } from './command.ts'

export type FindDeps = {
  readonly mail: MailClient<CallExtras>
  readonly directory: DirectoryClient<CallExtras>
  /** Those that run. */
  readonly finds: RunningFinds
}

/** What was found in a store, or why nothing could be. */
type Found = {
  readonly store: 'Mailbox' | 'GAL'
  readonly status: number
  readonly results: readonly WbxmlNode[]
  readonly range?: string
  readonly total?: number
}

const MAX_PREVIEW = 255

const importances: Readonly<Record<string, number>> = { low: 0, normal: 1, high: 2 }

const people = (tag: TagName, addresses: readonly Address[] | undefined): WbxmlNode | false =>
  addresses !== undefined && addresses.length > 0 && el(tag, displayList(addresses))

/** MS-ASCMD 2.2.3.138.1: what a list of messages shows. */
const properties = ({ envelope, receivedAt, state, preview, attachments }: Message): WbxmlNode =>
  el('find:Properties', [
    el('email:Subject', envelope?.subject ?? ''),
    el('email:DateReceived', dateTime(receivedAt)),
    people('email:DisplayTo', envelope?.to),
    people('find:DisplayCc', envelope?.cc),
    people('find:DisplayBcc', envelope?.bcc),
    el('email:Importance', importances[envelope?.importance ?? ''] ?? 1),
    el('email:Read', state?.seen ?? false),
    el('email2:IsDraft', state?.draft ?? false),
    el('find:Preview', preview.slice(0, MAX_PREVIEW).toWellFormed()),
    el('find:HasAttachments', attachments.length > 0),
    envelope !== undefined && envelope.from.length > 0 && el('email:From', addressList(envelope.from)),
  ])

const messageResult = (message: Message): WbxmlNode =>
  el('find:Result', [
    el('airsync:Class', itemClassOf(message)),
    el('airsync:ServerId', serverIdOf(message.placement)),
    el('airsync:CollectionId', message.mailbox),
    properties(message),
  ])

type Finding = { readonly deps: FindDeps; readonly context: CommandContext; readonly signal: AbortSignal }

const NO_BOUNDS = { after: 0, before: 0, conversation: new Uint8Array(0), options: undefined }

const findMessages = async (
  { deps, context, signal }: Finding,
  { kind: _, ...find }: MailFind,
): Promise<Found> => {
  const { messages, total } = await findMail(deps.mail, context, { ...NO_BOUNDS, ...find, signal })
  const range = messages.length === 0 ? undefined : rangeText(find.range, messages.length)
  return { store: 'Mailbox', status: FIND_STATUS.ok, results: messages.map(messageResult), range, total }
}

const personResult = (person: Person, pictured: Pictured): WbxmlNode =>
  el('find:Result', [el('find:Properties', personElements(person, pictured(person)))])

const findPeople = async ({ deps, context, signal }: Finding, find: PeopleFind): Promise<Found> => {
  const { user } = context
  const call = { ...context.call, signal }
  const request = { tenant: user.tenant, query: find.text.slice(0, 200), limit: sizeOf(find.range) }
  const { people, total } = await deps.directory.searchPeople(request, call)
  const range = people.length === 0 ? undefined : rangeText(find.range, people.length)
  const asked = { people, options: find.pictures, tags: GAL_PICTURE }
  const pictured = await picturesOf(deps.directory, { ...context, call }, asked)
  const results = people.map((person) => personResult(person, pictured))
  return { store: 'GAL', status: FIND_STATUS.ok, results, range, total }
}

const statuses: Readonly<Record<string, number>> = {
  MAILBOX_NOT_FOUND: FIND_STATUS.folderSync,
  INVALID_ARGUMENT: FIND_STATUS.invalid,
}

/** A status where what was asked for can't be found; other errors are for the whole request to say. */
const found = async (finding: Finding, find: MailFind | PeopleFind): Promise<Found> => {
  try {
    return await (find.kind === 'mail' ? findMessages(finding, find) : findPeople(finding, find))
  } catch (error) {
    const status = isCoded(error) ? statuses[error.code] : undefined
    if (status === undefined) throw error
    return { store: find.kind === 'mail' ? 'Mailbox' : 'GAL', status, results: [] }
  }
}

const refusalAnswer = (status: number): CommandAnswer => answer(el('find:Find', [el('find:Status', status)]))

const foundAnswer = ({ store, status, results, range, total }: Found): CommandAnswer =>
  answer(
    el('find:Find', [
      el('find:Status', FIND_STATUS.ok),
      el('find:Response', [
        el('itemoperations:Store', store),
        el('find:Status', status),
        ...results,
        range !== undefined && el('find:Range', range),
        total !== undefined && el('find:Total', total),
      ]),
    ]),
  )

/** Nobody waits for it any more: its phone has asked for something else. */
const givenUp = (find: MailFind | PeopleFind): Found => ({
  ...{ store: find.kind === 'mail' ? 'Mailbox' : 'GAL', status: FIND_STATUS.ok, results: [], total: 0 },
})

const run = async (deps: FindDeps, context: CommandContext): Promise<CommandAnswer> => {
  const find: FindRequest = readFind(context.body)
  if (find.kind === 'refused') return refusalAnswer(find.status)
  const finder = { tenant: context.user.tenant, account: context.user.account, device: context.line.deviceId }
  const result = await deps.finds.run(finder, (signal) => found({ deps, context, signal }, find))
  return foundAnswer(result ?? givenUp(find))
}

/** Find (MS-ASCMD 2.2.1.2), of 16.1: like Search, in one piece, and one at a time. */
export const createFind = (deps: FindDeps): Command => ({
  name: 'Find',
  body: 'small',
  emptyBody: false,
  run: (context) => run(deps, context),
})
