import type {
  CreateMailboxRequest,
  CreateMailboxResponse,
  DeleteMailboxRequest,
  EmptyMailboxRequest,
  ListMailboxesRequest,
  ListMailboxesResponse,
  Mailbox,
  UpdateMailboxRequest,
} from '@relais/proto/mail/v1/mail.ts'
import { terminal } from '@relais/service-kit/errors.ts'
import { clearMailbox, deleteMailboxes } from '../commands/clear-mailbox.ts'
import { decideCreate, decideUpdate, deletedWith, liesInTrash } from '../mailbox/decide.ts'
import { descendants, type Hierarchy } from '../mailbox/mailbox.ts'
import type { AccountKey } from '../queries/account.ts'
import {
  loadHierarchy,
  type MailboxRow,
  mailboxEndedBy,
  mailboxMadeBy,
  mailboxRows,
} from '../queries/mailboxes.ts'
import { commandOf, openAccount } from './account-call.ts'
import { requireId } from './arguments.ts'
import type { HandlerCall, Handling } from './context.ts'

export const listMailboxes =
  (handling: Handling) =>
  async (request: ListMailboxesRequest, call: HandlerCall): Promise<ListMailboxesResponse> => {
    const key = await openAccount(handling, request, call)
    return handling.projector.store.snapshot(async (reader, position) => ({
      mailboxes: (await mailboxRows(reader, key)).map(mailboxOf),
      position,
    }))
  }

export const mailboxOf = (row: MailboxRow): Mailbox => ({
  mailbox: row.id,
  role: row.role,
  name: row.name,
  parent: row.parent,
  total: row.total,
  unseen: row.unseen,
  head: row.head,
})

export const createMailbox =
  (handling: Handling) =>
  async (request: CreateMailboxRequest, call: HandlerCall): Promise<CreateMailboxResponse> => {
    const key = await openAccount(handling, request, call)
    const command = commandOf(handling, key, call, request.commandId)
    const outcome = await handling.streams.execute(command, {
      load: async (reader) => ({
        hierarchy: await loadHierarchy(reader, key),
        made: await mailboxMadeBy(reader, key, command.commandId),
      }),
      // A repeated command would find its own mailbox in the way.
      decide: ({ hierarchy, made }) => (made ? [] : decideCreate(hierarchy, request)),
    })
    const [event] = outcome.events
    if (event?.type === 'MailboxCreated' && !outcome.repeated) {
      return { mailbox: event.payload.mailbox, position: outcome.position }
    }
    return outcome.state.made ?? (await mailboxMadeBy(handling.projector.store, key, command.commandId))!
  }

export const updateMailbox =
  (handling: Handling) =>
  async (request: UpdateMailboxRequest, call: HandlerCall): Promise<{ position: number }> => {
    const key = await openAccount(handling, request, call)
    const { position } = await handling.streams.execute(commandOf(handling, key, call, request.commandId), {
      load: (reader) => loadHierarchy(reader, key),
      decide: (hierarchy) => decideUpdate(hierarchy, request),
    })
    return { position }
  }

/** Its messages go to the trash, or for good where it lies in the trash; what is under it goes with it. */
export const deleteMailbox =
  (handling: Handling) =>
  async (request: DeleteMailboxRequest, call: HandlerCall): Promise<{ position: number }> => {
    const { streams, projector, ids } = handling
    const key = await openAccount(handling, request, call)
    const mailbox = requireId(request.mailbox, 'mailbox')
    const command = commandOf(handling, key, call, request.commandId)
    const ended = await mailboxEndedBy(projector.store, key, { mailbox, commandId: command.commandId })
    if (ended !== undefined) return { position: ended }
    const hierarchy = await currentHierarchy(handling, key, call)
    const choose = (state: Hierarchy) => deletedWith(state, mailbox)
    const toTrash = !liesInTrash(hierarchy, mailbox)
    const deletion = { toTrash, ids, choose, chosen: choose(hierarchy) }
    return { position: await deleteMailboxes(streams, command, deletion) }
  }

/** Deletes all messages of a mailbox for good, and with the children those mailboxes too. */
export const emptyMailbox =
  (handling: Handling) =>
  async (request: EmptyMailboxRequest, call: HandlerCall): Promise<{ position: number }> => {
    const { streams, ids } = handling
    const key = await openAccount(handling, request, call)
    const mailbox = requireId(request.mailbox, 'mailbox')
    const command = commandOf(handling, key, call, '')
    const hierarchy = await currentHierarchy(handling, key, call)
    if (!hierarchy.mailboxes.has(mailbox)) throw terminal('MAILBOX_NOT_FOUND', 'there is no such mailbox')
    const position = await clearMailbox(streams, command, { mailbox, toTrash: false, ids })
    if (!request.withChildren) return { position }
    const choose = (state: Hierarchy) => descendants(state, mailbox)
    const deletion = { toTrash: false, ids, choose, chosen: choose(hierarchy) }
    return { position: Math.max(position, await deleteMailboxes(streams, command, deletion)) }
  }

const currentHierarchy = async ({ streams, projector }: Handling, key: AccountKey, call: HandlerCall) => {
  await streams.settled(key, call.deadline)
  return projector.store.snapshot((reader) => loadHierarchy(reader, key))
}
