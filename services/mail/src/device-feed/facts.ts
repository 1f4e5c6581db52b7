import type { Reader } from '@relais/read-store'
import type { DeviceCommand, Facts, PlacementRow, PropertyGroup } from '@relais/sync-state'
import type { MessageFacts } from '../message/message.ts'
import { categoriesValue, flagValue, seenValue } from '../message/property-values.ts'
import type { AccountKey } from '../queries/account.ts'
import { messageFacts } from '../queries/messages.ts'
import type { MailChange } from './commands.ts'

/** What the engine has to know of messages. */
export const mailFacts = async (
  reader: Reader,
  key: AccountKey,
  rows: readonly PlacementRow[],
): Promise<Facts> => {
  const live = rows.filter(({ ended }) => ended === 0).map(({ id }) => id)
  const messages = await messageFacts(reader, key, live)
  const byItem = new Map(messages.map((message) => [message.item, message]))
  return {
    valueOf: ({ item }, group) => valueIn(byItem.get(item), group),
    refuses: (_row, command) => isInvalid(command),
    isEditOf: () => false,
  }
}

const isInvalid = (command: DeviceCommand) => command.kind === 'change' && (command as MailChange).isInvalid

const valueIn = (message: MessageFacts | undefined, group: PropertyGroup): string | undefined => {
  if (message === undefined) return undefined
  if (group === 'read') return seenValue(message.seen)
  if (group === 'flag') return flagValue(message.flag)
  return group === 'categories' ? categoriesValue(message.categories) : undefined
}
