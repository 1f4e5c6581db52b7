import type { Appended } from '@relais/event-log'
import { BOTTOM, type CommitStep, compareEdges, mailFilterEdge, type SyncClass } from '@relais/sync-state'
import type { Handling } from '../api/context.ts'
import { MAIL_SERVICE } from '../events.ts'
import { type AccountKey, streamHead } from '../queries/account.ts'
import { messagesOfLiveConversations } from '../queries/whole-conversations.ts'
import { AnswerRoom } from './answer-room.ts'
import { eventOf, type MailCommand, writesContent } from './commands.ts'
import { type Contents, readContents } from './contents.ts'
import { mailFacts } from './facts.ts'
import { asDevice, type FeedRequest } from './feed-request.ts'
import { writeContent } from './write-content.ts'

/** Mail as the engine of packages/sync-state sees it, for one request of one device. */
export const mailClass = (handling: Handling, request: FeedRequest): SyncClass<Contents> => {
  const { key, call, device, now, mailboxes, turns } = request
  const { projector, rights } = handling
  const asked = new Map(mailboxes.map((one) => [one.request.collection, one]))
  let room = new AnswerRoom()
  return {
    ...key,
    device,
    // What is written is based on what is there.
    commutes: (mailbox) => !asked.get(mailbox)!.commands.some(isWriting),
    access: async (mailbox) => ({
      epoch: asked.get(mailbox)!.epoch,
      level: await rights.levelOf(call.identity, { ...key, mailbox }),
      view: 0,
      collections: [mailbox],
    }),
    floor: (_mailbox, filter) => mailFilterEdge(filter, now),
    alsoWanted: async (reader, { collection, floor }) =>
      asked.get(collection)!.wholeConversations && compareEdges(floor, BOTTOM) > 0
        ? messagesOfLiveConversations(reader, key, { mailbox: collection, edge: floor })
        : [],
    head: () => handling.log.head({ ...key, service: MAIL_SERVICE }),
    end: () => handling.log.head({}, { certain: true }),
    ageOf: (position) => ageOf(handling, { key, position, now }),
    snapshot: (read) =>
      projector.store.snapshot(async (reader, checkpoint) => {
        room = new AnswerRoom()
        return read(reader, { checkpoint, head: await streamHead(reader, key) })
      }),
    waitFor: (position) => projector.waitFor(position, call.deadline),
    exclusively: (work) => turns.take([key.tenant, key.account, device].join('/'), work),
    facts: (reader, rows) => mailFacts(reader, key, rows),
    append: (step, { collection, syncKey, expected }) => {
      const mailbox = asked.get(collection)!
      const { deletesAsMoves } = mailbox
      if (writesContent(step)) return writeContent(handling, request, { step, syncKey, expected, mailbox })
      return append(handling, request, { step, syncKey, deletesAsMoves, expected })
    },
    extra: (reader, { collection }, told) => {
      const { commands } = asked.get(collection)!
      const operations = told?.operations ?? []
      return readContents(reader, key, { mailbox: collection, operations, commands, room })
    },
  }
}

const isWriting = (command: MailCommand): boolean =>
  command.kind === 'add' ||
  (command.kind === 'change' && command.draft !== undefined) ||
  (command.kind === 'delete' && command.consumes === true)

type Step = {
  readonly step: CommitStep
  readonly syncKey: string
  readonly deletesAsMoves: boolean
  readonly expected: number | undefined
}

const append = async (
  { streams }: Handling,
  { key, call, device }: FeedRequest,
  { step, syncKey, deletesAsMoves, expected }: Step,
): Promise<Appended> => {
  const event = eventOf(step, deletesAsMoves)
  const command = { ...key, call: asDevice(call, device), commandId: step.commandId, syncKey }
  const mailboxes = step.kind === 'apply' ? [step.row.collection] : []
  return streams.append(command, [event], { mailboxes, expected })
}

/** Milliseconds since the account's first commit after a position. */
const ageOf = async (
  { log }: Handling,
  { key, position, now }: { readonly key: AccountKey; readonly position: number; readonly now: number },
): Promise<number> => {
  for await (const [first] of log.read({ ...key, service: MAIL_SERVICE }, position, { batch: 1 }))
    if (first) return now - first.at
  return 0
}
