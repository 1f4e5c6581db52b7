import type { CopyMessagesRequest, CopyMessagesResponse } from '@relais/proto/mail/v1/mail.ts'
import { terminal } from '@relais/service-kit/errors.ts'
import { batchesOf } from '../commands/batches.ts'
import { commandIdOf } from '../commands/command-id.ts'
import type { Command } from '../commands/streams.ts'
import { quotaExceeded } from '../commands/usage.ts'
import { decideCopy } from '../message/decide.ts'
import { accountRow } from '../queries/account.ts'
import { hasMailbox } from '../queries/mailboxes.ts'
import { messageFacts, placementsMadeAt } from '../queries/messages.ts'
import { commandOf, openAccount } from './account-call.ts'
import { requireId, requirePlacements } from './arguments.ts'
import type { HandlerCall, Handling } from './context.ts'

/** Copies are items of their own and take room. Those of the messages that are there are copied, in the order asked for. */
export const copyMessages =
  (handling: Handling) =>
  async (request: CopyMessagesRequest, call: HandlerCall): Promise<CopyMessagesResponse> => {
    const key = await openAccount(handling, request, call)
    const to = requireId(request.to, 'mailbox')
    const command = commandOf(handling, key, call, request.commandId)
    const made: number[] = []
    let position = 0
    for (const [n, placements] of batchesOf(requirePlacements(request.placements)).entries()) {
      const commandId = n === 0 ? command.commandId : commandIdOf(command.commandId, n)
      const outcome = await copyBatch(handling, { ...command, commandId }, { placements, to })
      position = outcome.position
      // Where nothing was copied the position is somebody else's.
      if (outcome.events.length === 0) continue
      made.push(...(await placementsMadeAt(handling.projector.store, key, position)))
    }
    return { placements: made, position }
  }

type Batch = { readonly placements: readonly number[]; readonly to: string }

const copyBatch = async (handling: Handling, command: Command, { placements, to }: Batch) => {
  const { quotaBytes } = await handling.accounts.get(command)
  return handling.streams.execute(command, {
    load: async (reader) => ({
      messages: await messageFacts(reader, command, placements),
      usedBytes: (await accountRow(reader, command)).usedBytes,
      found: await hasMailbox(reader, command, to),
    }),
    decide: ({ messages, usedBytes, found }) => {
      if (!found) throw terminal('MAILBOX_NOT_FOUND', 'there is no such mailbox')
      const bytes = messages.reduce((sum, { size }) => sum + size, 0)
      if (quotaBytes > 0 && usedBytes + bytes > quotaBytes) throw quotaExceeded()
      return decideCopy(messages, to)
    },
  })
}
