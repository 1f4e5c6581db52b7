import type {
  SyncCollectionResponse,
  SyncCommandResult,
  SyncMessagesRequest,
  SyncMessagesResponse,
  SyncOperation,
} from '@relais/proto/mail/v1/mail.ts'
import {
  type CollectionAnswer,
  type CommandResult,
  cursorToWire,
  listToWire,
  type Operation,
  syncCollections,
  type Told,
} from '@relais/sync-state'
import { openAccount } from '../api/account-call.ts'
import { type BodyRoom, bodyRoom } from '../api/body-room.ts'
import type { HandlerCall, Handling } from '../api/context.ts'
import type { AccountKey } from '../queries/account.ts'
import { withAttached } from './attached.ts'
import { type Contents, isWhole, missingMessage, type Rendered, renderContents } from './contents.ts'
import type { DeviceTurns } from './device-turns.ts'
import { mailClass } from './mail-class.ts'
import { type AskedMailbox, readSync } from './requests.ts'

/** A device's Sync of mailboxes: its commands, then what it doesn't hold yet (docs/explanation/sync-state.md). */
export const syncMessages =
  (handling: Handling, turns: DeviceTurns) =>
  async (request: SyncMessagesRequest, call: HandlerCall): Promise<SyncMessagesResponse> => {
    const { device, now, window, mailboxes } = readSync(request)
    const key = await openAccount(handling, { tenant: request.tenant, account: request.account }, call)
    const service = mailClass(handling, { key, call, device, now, mailboxes, turns })
    const answers = await syncCollections(
      service,
      mailboxes.map((one) => one.request),
      window,
    )
    const collections: SyncCollectionResponse[] = []
    const room = bodyRoom(inlineBytesOf(request))
    for (const [index, answer] of answers.entries())
      collections.push(await responseOf(handling, key, { answer, asked: mailboxes[index]!, room }))
    return { collections }
  }

/** One answer has room for the bodies of all its mailboxes together. */
const inlineBytesOf = ({ collections }: SyncMessagesRequest): number =>
  Math.max(0, ...collections.map(({ options }) => options?.inlineBytes ?? 0))

const EMPTY: Omit<SyncCollectionResponse, 'mailbox' | 'outcome'> = {
  reason: '',
  quiet: false,
  cursor: undefined,
  list: undefined,
  operations: [],
  results: [],
  moreAvailable: false,
  snapshot: 0,
  snapshotEdge: undefined,
}

type Answered = {
  readonly answer: CollectionAnswer<Contents>
  readonly asked: AskedMailbox
  readonly room: BodyRoom
}

const responseOf = async (
  handling: Handling,
  key: AccountKey,
  { answer, asked, room }: Answered,
): Promise<SyncCollectionResponse> => {
  const mailbox = asked.request.collection
  if (answer.outcome === 'no_collection') return { ...EMPTY, mailbox, outcome: answer.outcome }
  if (answer.outcome === 'invalid_key')
    return { ...EMPTY, mailbox, outcome: answer.outcome, reason: answer.reason }
  const { options, textOptions } = asked
  const rendered = await renderContents(handling, key.tenant, answer.extra, { options, textOptions, room })
  const resulting = resultsOf(asked, answer, { ...rendered, later: answer.extra.later })
  const results = await withAttached(handling, key, { asked, results: resulting })
  return { ...toldOf(answer, rendered), mailbox, results }
}

const toldOf = (answer: Told<Contents>, rendered: Rendered): Omit<SyncCollectionResponse, 'mailbox'> => ({
  ...EMPTY,
  outcome: answer.outcome,
  quiet: answer.quiet,
  cursor: answer.quiet ? undefined : cursorToWire(answer.cursor),
  list: answer.quiet || answer.cursor.list === 0 ? undefined : listToWire(answer.list),
  operations: answer.operations.map((operation) => operationOf(operation, rendered)),
  moreAvailable: answer.more,
  snapshot: answer.snapshot,
  snapshotEdge: answer.cursor.edge,
})

const operationOf = (operation: Operation, { whole, changed }: Rendered): SyncOperation => {
  const { kind, placement, groups, row } = operation
  const textMessage = row?.side ?? false
  if (kind === 'delete' || kind === 'soft_delete')
    return { kind, placement, message: undefined, changed: [], textMessage }
  const message = (isWhole(operation) ? whole : changed).get(placement) ?? missingMessage(operation)
  return { kind, placement, message, changed: [...groups], textMessage }
}

/** One for each command, in order: the engine's for changes and deletions, the messages for fetches. */
const resultsOf = (
  { commands, refusals }: AskedMailbox,
  { results }: Told<Contents>,
  { whole, later }: Fetched,
): SyncCommandResult[] => {
  const ofEngine = results.values()
  return commands.map((command) =>
    command.kind === 'fetch'
      ? fetched(command.placement, { whole, later })
      : resultOf(ofEngine.next().value, refusals.get(command)),
  )
}

type Fetched = Pick<Rendered, 'whole'> & Pick<Contents, 'later'>

const fetched = (placement: number, { whole, later }: Fetched): SyncCommandResult => {
  const message = whole.get(placement)
  const outcome = message ? 'ok' : later.has(placement) ? 'later' : 'not_found'
  return { outcome, placement, message, attached: [] }
}

/** What a phone is told of a refused draft; all else is malformed to it. */
const REFUSALS: Readonly<Record<string, string>> = {
  NO_RECIPIENTS: 'no_recipients',
  RECIPIENT_INVALID: 'no_recipients',
  QUOTA_EXCEEDED: 'no_room',
  SEND_RATE_EXCEEDED: 'later',
}

const resultOf = (result: CommandResult | undefined, refusal: string | undefined): SyncCommandResult => {
  const outcome = result?.outcome ?? 'not_found'
  return {
    outcome: outcome === 'refused' ? (REFUSALS[refusal ?? ''] ?? outcome) : outcome,
    placement: result?.placement ?? 0,
    message: undefined,
    attached: [],
  }
}
