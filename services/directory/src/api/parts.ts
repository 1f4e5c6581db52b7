import type { BlobStore } from '@relais/blob-store'
import type { Projector } from '@relais/read-store'
import type { Logger } from '@relais/service-kit'
import type { Call } from '@relais/service-kit/call.ts'
import type { Claims } from '../commands/claims.ts'
import type { Command, DirectoryStreams } from '../commands/streams.ts'
import type { Ids } from '../ids.ts'
import type { AccountViewRow } from '../queries/account-view.ts'
import type { SettingValues } from '../settings/known-settings.ts'
import type { PasswordHasher } from '../sign-in/password-hasher.ts'
import type { Candidate, SignIn } from '../sign-in/sign-in.ts'
import type { SignInMemory } from '../sign-in/sign-in-memory.ts'

export type FoundAccount = Candidate & { readonly row: AccountViewRow }

/** What the handlers are made of. */
export type Parts = {
  readonly projector: Projector
  readonly streams: DirectoryStreams
  readonly claims: Claims
  /** Pictures of people. */
  readonly blobs: BlobStore
  readonly hasher: PasswordHasher
  readonly memory: SignInMemory
  readonly signIn: SignIn<FoundAccount>
  /** Settings of the installation's configuration. */
  readonly configured: SettingValues
  readonly logger: Logger
  readonly clock: () => number
  readonly ids: Ids
  readonly random: (count: number) => Uint8Array
}

/** The command of a call that has no id of its own. */
export const commandOf = ({ ids }: Pick<Parts, 'ids'>, call: Call): Command => ({
  call,
  commandId: ids.command(),
})
