import type { MailClient, SyncMailboxesResponse } from '@relais/proto/mail/v1/mail.ts'
import type { CallExtras } from '@relais/service-kit'
import { changesElement } from '../folders/folder-elements.ts'
import {
  changesOfView,
  changesSince,
  firstChanges,
  type HierarchyChanges,
  nothing,
  withoutOwn,
} from '../folders/hierarchy-changes.ts'
import { formatHierarchyKey, type HierarchyKey, INITIAL_KEY } from '../folders/hierarchy-key.ts'
import { noteHierarchy } from '../folders/hierarchy-rows.ts'
import { badKey, presentedKey } from '../folders/presented-key.ts'
import type { FollowedHeads } from '../held/followed-heads.ts'
import { VERSIONS_HEADER } from '../http/protocol.ts'
import type { AccountSettings } from '../sign-in/account-settings.ts'
import { ValueError } from '../wbxml/errors.ts'
import { el } from '../wbxml/node.ts'
import { requiredText } from '../wbxml/read.ts'
import { answer, type Command, type CommandAnswer, type CommandContext } from './command.ts'

export type FolderSyncDeps = {
  readonly mail: MailClient<CallExtras>
  readonly settings: AccountSettings
  readonly heads: FollowedHeads & { follow(ref: { tenant: string; account: string }): Promise<unknown> }
  /** MS-ASProtocolCommands, as OPTIONS gives it. */
  readonly commandsHeader: () => string
}

const OK = 1
type Asked = {
  readonly context: CommandContext
  readonly key: HierarchyKey | undefined
  readonly subfolders: boolean
}

type Told = { readonly changes: HierarchyChanges; readonly position: number }

const keyOf = (context: CommandContext): HierarchyKey | undefined => {
  const { body } = context
  if (!body) throw new ValueError('folderhierarchy:FolderSync', 'is missing')
  const text = requiredText(body, 'folderhierarchy:SyncKey', { max: 64 })
  return text === INITIAL_KEY ? undefined : presentedKey(context, text)
}

const mailboxesAfter = (
  { mail }: FolderSyncDeps,
  { user, call }: CommandContext,
  after: number,
  minPosition: number,
): Promise<SyncMailboxesResponse> =>
  mail.syncMailboxes({ tenant: user.tenant, account: user.account, after, minPosition }, call)

const all = ({ changes }: SyncMailboxesResponse) =>
  changes.flatMap(({ mailbox }) => (mailbox ? [mailbox] : []))

const firstTime = async (deps: FolderSyncDeps, { context, subfolders }: Asked): Promise<Told> => {
  const response = await mailboxesAfter(deps, context, 0, 0)
  return { changes: firstChanges(all(response), subfolders), position: response.position }
}

const nothingSince = ({ heads }: FolderSyncDeps, { context, key, subfolders }: Asked): boolean => {
  const head = heads.hierarchy(context.user.tenant, context.user.account)
  return key !== undefined && key.subfolders === subfolders && head !== undefined && head <= key.position
}

const since = async (
  deps: FolderSyncDeps,
  { context, subfolders }: Asked,
  key: HierarchyKey,
): Promise<Told> => {
  const { stale, ...found } = await mailboxesAfter(deps, context, key.position, key.position)
  if (stale) throw badKey('older than what is remembered of removed folders')
  const delta = { ...withoutOwn(found, key), position: found.position }
  if (key.subfolders === subfolders)
    return { changes: changesSince(delta, subfolders), position: delta.position }
  const now = await mailboxesAfter(deps, context, 0, delta.position)
  return { changes: changesOfView(all(now), delta, subfolders), position: delta.position }
}

const tell = async (deps: FolderSyncDeps, asked: Asked): Promise<Told> => {
  const { key } = asked
  if (!key) return firstTime(deps, asked)
  if (nothingSince(deps, asked)) return { changes: nothing, position: key.position }
  return since(deps, asked, key)
}

const isEmpty = ({ added, updated, deleted }: HierarchyChanges): boolean =>
  added.length + updated.length + deleted.length === 0

/** With nothing to tell the key stays: positions of other commits are none of the phone's business. */
const nextKey = ({ context, key, subfolders }: Asked, { changes, position }: Told): HierarchyKey =>
  key && isEmpty(changes) && key.subfolders === subfolders
    ? key
    : { epoch: context.user.epoch, position, subfolders, made: [], gone: [] }

/** [HTTP 1104], [HTTP 478]: also sent where a phone starts from nothing. */
const startHeaders = ({ commandsHeader }: FolderSyncDeps) => ({
  'X-MS-RP': VERSIONS_HEADER,
  'MS-ASProtocolVersions': VERSIONS_HEADER,
  'MS-ASProtocolCommands': commandsHeader(),
})

const run = async (deps: FolderSyncDeps, context: CommandContext): Promise<CommandAnswer> => {
  const key = keyOf(context)
  const { subfolders } = await deps.settings.of(context.user.tenant, context.user.account)
  const asked: Asked = { context, key, subfolders }
  // From the next time on the answer to "anything new?" is here.
  deps.heads.follow(context.user).catch(() => undefined)
  const told = await tell(deps, asked)
  const next = nextKey(asked, told)
  // What came and went since the key is nothing to tell: that it has been looked at is known here alone.
  noteHierarchy(context.rows, { presented: key?.position ?? 0, sent: Math.max(next.position, told.position) })
  const root = el('folderhierarchy:FolderSync', [
    el('folderhierarchy:Status', OK),
    el('folderhierarchy:SyncKey', formatHierarchyKey(next)),
    changesElement(told.changes, subfolders),
  ])
  return answer(root, key ? undefined : startHeaders(deps))
}

/** FolderSync (MS-ASCMD 2.2.1.5): keys are positions, so any key that was ever given tells what it says. */
export const createFolderSync = (deps: FolderSyncDeps): Command => ({
  name: 'FolderSync',
  body: 'small',
  emptyBody: false,
  run: (context) => run(deps, context),
})
