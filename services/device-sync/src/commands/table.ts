import type { DirectoryClient } from '@relais/proto/directory/v1/directory.ts'
import type { MailClient } from '@relais/proto/mail/v1/mail.ts'
import type { CallExtras } from '@relais/service-kit'
import type { TrustStore } from '../certificates/certificate-path.ts'
import type { DeviceRegistry } from '../devices/device-registry.ts'
import { COMMAND_NAMES } from '../http/protocol.ts'
import type { FollowedAccounts } from '../push/followed-accounts.ts'
import type { Waiters } from '../push/waiters.ts'
import type { RunningFinds } from '../search/running-finds.ts'
import type { AccountSettings } from '../sign-in/account-settings.ts'
import type { Command } from './command.ts'
import { createFind } from './find.ts'
import { createFolderCreate } from './folder-create.ts'
import { createFolderDelete } from './folder-delete.ts'
import { createFolderSync } from './folder-sync.ts'
import { createFolderUpdate } from './folder-update.ts'
import { createGetAttachment } from './get-attachment.ts'
import { createGetHierarchy } from './get-hierarchy.ts'
import { createGetItemEstimate } from './get-item-estimate.ts'
import { createItemOperations } from './item-operations.ts'
import { createMoveItems } from './move-items.ts'
import { createPing } from './ping.ts'
import { createProvision } from './provision.ts'
import { createResolveRecipients } from './resolve-recipients.ts'
import { createSearch } from './search.ts'
import { createSendMail } from './send-mail.ts'
import { createSettings } from './settings.ts'
import { createSmartForward } from './smart-forward.ts'
import { createSmartReply } from './smart-reply.ts'
import { createSync } from './sync.ts'
import { createValidateCert } from './validate-cert.ts'

export type CommandDeps = {
  readonly mail: MailClient<CallExtras>
  readonly directory: DirectoryClient<CallExtras>
  /** Whom certificates of mail are believed by. */
  readonly trusted: () => TrustStore
  readonly settings: AccountSettings
  readonly registry: DeviceRegistry
  readonly accounts: FollowedAccounts
  readonly waiters: Waiters
  readonly finds: RunningFinds
  readonly clock: () => number
}

/** MS-ASProtocolCommands: what is served, in the order of the command codes. */
export const commandsHeader = (commands: ReadonlyMap<string, Command>): string =>
  COMMAND_NAMES.filter((name) => commands.has(name)).join(',')

/** Every command that is served, by its Cmd. What isn't here is answered 501 or Status 137, and OPTIONS doesn't list it. */
export const createCommands = (deps: CommandDeps): ReadonlyMap<string, Command> => {
  const served: readonly Command[] = [
    createFind(deps),
    createFolderCreate(deps),
    createFolderDelete(deps),
    createFolderSync({ ...deps, heads: deps.accounts, commandsHeader: () => commandsHeader(commands) }),
    createFolderUpdate(deps),
    createGetAttachment(deps),
    createGetHierarchy(deps),
    createGetItemEstimate(deps),
    createItemOperations(deps),
    createMoveItems(deps),
    createPing(deps),
    createProvision(deps),
    createResolveRecipients(deps),
    createSearch(deps),
    createSendMail(deps),
    createSettings(deps),
    createSmartForward(deps),
    createSmartReply(deps),
    createSync(deps),
    createValidateCert(deps),
  ]
  const commands = new Map(served.map((command) => [command.name, command]))
  return commands
}
