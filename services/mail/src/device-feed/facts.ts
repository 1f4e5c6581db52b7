import type { Reader } from '@relais/read-store'
import type { DeviceCommand, Facts, PlacementRow, PropertyGroup } from '@relais/sync-state'
import type { MessageFacts } from '../message/message.ts'
import { categoriesValue, flagValue, seenValue } from '../message/property-values.ts'
import type { AccountKey } from '../queries/account.ts'
import { storedMessage } from '../queries/message.ts'
import { messageFacts, messageRows } from '../queries/messages.ts'
import type { MailChange } from './commands.ts'

/** Where messages are written (MS-ASEMAIL: drafts are in the Drafts folder alone). */
const DRAFTS = 'drafts'

/** What the engine has to know of messages. */
export const mailFacts = async (
  reader: Reader,
  key: AccountKey,
  rows: readonly PlacementRow[],
): Promise<Facts> => {
  const live = rows.filter(({ ended }) => ended === 0)
  const messages = await messageFacts(reader, key, idsOf(live))
  const byItem = new Map(messages.map((message) => [message.item, message]))
  const drafts = await messageRows(reader, key, idsOf(live.filter(isAmongDrafts)))
  const written = new Map(drafts.map((row) => [row.item, storedMessage(row).content.written]))
  return {
    valueOf: (row, group) =>
      group === 'content' ? contentIn(row, written.get(row.item)) : valueIn(byItem.get(row.item), group),
    refuses: (row, command) => isInvalid(command) || (writes(command) && !isAmongDrafts(row)),
    isEditOf: (row) => isAmongDrafts(row),
  }
}

const idsOf = (rows: readonly PlacementRow[]) => rows.map(({ id }) => id)

const isAmongDrafts = ({ collection }: PlacementRow) => collection === DRAFTS

const isInvalid = (command: DeviceCommand) => command.kind === 'change' && (command as MailChange).isInvalid

const writes = (command: DeviceCommand): boolean =>
  command.kind === 'delete'
    ? command.consumes === true
    : command.kind === 'change' && (command as MailChange).draft !== undefined

/** Until it is edited a device's own item is what the device wrote. */
const contentIn = ({ groups, digest }: PlacementRow, written: string | undefined): string | undefined =>
  (groups.content === 0 ? digest : written) || undefined

const valueIn = (message: MessageFacts | undefined, group: PropertyGroup): string | undefined => {
  if (message === undefined) return undefined
  if (group === 'read') return seenValue(message.seen)
  if (group === 'flag') return flagValue(message.flag)
  return group === 'categories' ? categoriesValue(message.categories) : undefined
}
