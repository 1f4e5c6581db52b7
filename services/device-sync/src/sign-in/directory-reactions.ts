import type { StoredCommit } from '@relais/event-log'
import { AccountErased, AccountStateChanged, TenantStateChanged } from '@relais/proto/directory/v1/events.ts'
import { type RelaisError, terminal } from '@relais/service-kit'

type Event = StoredCommit['events'][number]

/** What a commit of the directory means for phones. */
export type Reaction = {
  /** '' with account '': the whole installation; account '': the whole tenant. */
  readonly tenant: string
  readonly account: string
  /** Remembered credentials are asked about again. */
  readonly credentials: boolean
  /** Settings are read again. */
  readonly settings: boolean
  /** Held requests are let in anew, or end. */
  readonly recheck: boolean
  /** Held requests end with this. */
  readonly end?: RelaisError
}

type Change = Partial<Reaction>

const endings: Readonly<Record<string, Record<string, () => RelaisError>>> = {
  account: {
    locked: () => terminal('ACCOUNT_LOCKED', 'the account is locked'),
    suspended: () => terminal('ACCOUNT_SUSPENDED', 'the account is suspended'),
  },
  tenant: { suspended: () => terminal('TENANT_SUSPENDED', 'the tenant is suspended') },
}

const gone = () => terminal('BAD_CREDENTIALS', 'the account is deleted')

const whoMayIn: Change = { credentials: true, recheck: true }
const whoItIs: Change = { credentials: true }
const whatIsAllowed: Change = { settings: true, recheck: true }

const changes: Readonly<Record<string, (event: Event) => Change>> = {
  PasswordSet: () => whoMayIn,
  AppPasswordRevoked: () => whoMayIn,
  AliasRemoved: () => whoMayIn,
  DomainRemoved: () => whoMayIn,
  // Bare names mean somebody else from now on, whosever they were.
  DefaultTenantChosen: () => ({ tenant: '', credentials: true }),
  AliasAdded: () => whoItIs,
  AccountChanged: () => whoItIs,
  AccountSettingsChanged: () => whatIsAllowed,
  TenantSettingsChanged: () => whatIsAllowed,
  PlatformSettingsChanged: () => whatIsAllowed,
  AccountStateChanged: ({ payload }) => ({
    credentials: true,
    end: endings.account?.[AccountStateChanged.decode(payload).state]?.(),
  }),
  TenantStateChanged: ({ payload }) => ({
    credentials: true,
    end: endings.tenant?.[TenantStateChanged.decode(payload).state]?.(),
  }),
  AccountDeleted: () => ({ credentials: true, end: gone() }),
  AccountErased: ({ payload }) => ({
    account: AccountErased.decode(payload).account,
    credentials: true,
    end: gone(),
  }),
}

/** Streams of facts that aren't an account's or a tenant's have "-" there. */
const named = (id: string): string => (id === '-' ? '' : id)

/** Reactions to one commit, in order; most events need none. */
export const reactionsTo = ({ stream, events }: StoredCommit): readonly Reaction[] =>
  events.flatMap((event) => {
    const change = changes[event.type]?.(event)
    if (!change) return []
    const none = { credentials: false, settings: false, recheck: false }
    return [{ tenant: named(stream.tenant), account: named(stream.account), ...none, ...change }]
  })
