import type {
  DeleteMessagesRequest,
  GetMessagesRequest,
  GetMessagesResponse,
  ListMessagesRequest,
  ListMessagesResponse,
  UpdateMessagesRequest,
} from '@relais/proto/mail/v1/mail.ts'
import { terminal } from '@relais/service-kit/errors.ts'
import { batchesOf } from '../commands/batches.ts'
import { commandIdOf } from '../commands/command-id.ts'
import type { Command } from '../commands/streams.ts'
import { decideDelete, decideUpdate } from '../message/decide.ts'
import { hasMailbox } from '../queries/mailboxes.ts'
import { storedMessage } from '../queries/message.ts'
import { listPlacements, messageFacts, messageRows, messageRowsOfItems } from '../queries/messages.ts'
import { commandOf, openAccount } from './account-call.ts'
import { requireCount, requireId, requirePlacements } from './arguments.ts'
import type { HandlerCall, Handling } from './context.ts'
import { fitting } from './page-room.ts'
import { pageToken, readPageToken } from './page-token.ts'
import { renderMessages } from './render.ts'

const MAX_PAGE = 1000
const DEFAULT_PAGE = 100
const MAX_FETCHED = 1000

export const listMessages =
  (handling: Handling) =>
  async (request: ListMessagesRequest, call: HandlerCall): Promise<ListMessagesResponse> => {
    const key = await openAccount(handling, request, call)
    const mailbox = requireId(request.mailbox, 'mailbox')
    const limit = requireCount(request.pageSize, 'page size', { otherwise: DEFAULT_PAGE, max: MAX_PAGE })
    const edge = readPageToken(request.pageToken)
    const { page, rows, isLast, position } = await handling.projector.store.snapshot(
      async (reader, position) => {
        if (!(await hasMailbox(reader, key, mailbox))) throw mailboxNotFound()
        const listed = await listPlacements(reader, key, { mailbox, edge, limit: limit + 1 })
        const page = listed.slice(0, Math.min(limit, fitting(listed.map(({ bytes }) => bytes))))
        const placements = page.map(({ placement }) => placement)
        const rows = await messageRows(reader, key, placements)
        return { page, rows, isLast: page.length === listed.length, position }
      },
    )
    const nextPageToken = isLast ? '' : pageToken(page.at(-1)!)
    const messages = await renderMessages(handling, key.tenant, { messages: rows.map(storedMessage) })
    return { messages, nextPageToken, position }
  }

const mailboxNotFound = () => terminal('MAILBOX_NOT_FOUND', 'there is no such mailbox')

export const getMessages =
  (handling: Handling) =>
  async (request: GetMessagesRequest, call: HandlerCall): Promise<GetMessagesResponse> => {
    const key = await openAccount(handling, request, call)
    const placements = requirePlacements(request.placements, MAX_FETCHED)
    const items = requirePlacements(request.items, MAX_FETCHED)
    const { rows, position } = await handling.projector.store.snapshot(async (reader, position) => ({
      rows: [
        ...(await messageRows(reader, key, placements)),
        ...(await messageRowsOfItems(reader, key, items)),
      ],
      position,
    }))
    const { options, withStructure } = request
    const messages = await renderMessages(handling, key.tenant, {
      messages: rows.map(storedMessage),
      options,
      withStructure,
    })
    return { messages, position }
  }

export const updateMessages =
  (handling: Handling) =>
  async (request: UpdateMessagesRequest, call: HandlerCall): Promise<{ position: number }> => {
    const key = await openAccount(handling, request, call)
    const command = commandOf(handling, key, call, request.commandId)
    const { seen, categories } = request
    const flag = request.flag && (request.flag.flag ?? null)
    const change = { seen, flag, categories: categories?.categories }
    return inBatches(command, requirePlacements(request.placements), (part, placements) =>
      handling.streams.commute(part, {
        load: (reader) => messageFacts(reader, key, placements),
        decide: (messages) => decideUpdate(messages, change),
        mailboxes: (messages) => [...new Set(messages.map(({ mailbox }) => mailbox))],
      }),
    )
  }

export const deleteMessages =
  (handling: Handling) =>
  async (request: DeleteMessagesRequest, call: HandlerCall): Promise<{ position: number }> => {
    const key = await openAccount(handling, request, call)
    const command = commandOf(handling, key, call, request.commandId)
    return inBatches(command, requirePlacements(request.placements), (part, placements) =>
      handling.streams.execute(part, {
        load: (reader) => messageFacts(reader, key, placements),
        decide: (messages) => decideDelete(messages, request),
      }),
    )
  }

/** One commit a batch, under ids derived from the command's: a repeat goes on where the first time ended. */
const inBatches = async (
  command: Command,
  placements: readonly number[],
  commit: (part: Command, placements: readonly number[]) => Promise<{ position: number }>,
): Promise<{ position: number }> => {
  let position = 0
  for (const [n, batch] of batchesOf(placements).entries()) {
    const part = n === 0 ? command : { ...command, commandId: commandIdOf(command.commandId, n) }
    position = (await commit(part, batch)).position
  }
  return { position }
}
