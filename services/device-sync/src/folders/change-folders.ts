import { hash } from 'node:crypto'
import type { MailClient } from '@relais/proto/mail/v1/mail.ts'
import { type CallExtras, terminal } from '@relais/service-kit'
import type { CommandContext } from '../commands/command.ts'
import type { AccountSettings } from '../sign-in/account-settings.ts'
import { ValueError } from '../wbxml/errors.ts'
import type { WbxmlNode } from '../wbxml/node.ts'
import { requiredText, textChild } from '../wbxml/read.ts'
import { hasForeign, type OwnChange, type OwnChanges } from './hierarchy-changes.ts'
import { formatHierarchyKey, type HierarchyKey } from './hierarchy-key.ts'
import { noteHierarchy } from './hierarchy-rows.ts'
import { badKey, presentedKey } from './presented-key.ts'

export type FolderChangeDeps = {
  readonly mail: MailClient<CallExtras>
  readonly settings: AccountSettings
}

export const OK = 1
const ROOT = '0'
const MAX_ID = 64
/** MS-ASCMD 2.2.3.49. */
const MAX_NAME = 256

/** A request of FolderCreate, FolderUpdate or FolderDelete. */
export type FolderChange = {
  readonly context: CommandContext
  readonly body: WbxmlNode
  readonly key: HierarchyKey
  /** The same request again is the same command: of the device, by what it says. */
  readonly commandId: string
}

/** Errors: Status 9; 130 where the administrator shows default folders only. */
export const folderChangeOf = async (
  { settings }: FolderChangeDeps,
  context: CommandContext,
  name: string,
): Promise<FolderChange> => {
  const { body, user, device } = context
  if (!body) throw new ValueError('folderhierarchy:SyncKey', 'is missing')
  const text = requiredText(body, 'folderhierarchy:SyncKey', { max: MAX_ID })
  const key = presentedKey(context, text)
  const { subfolders } = await settings.of(user.tenant, user.account)
  if (!subfolders) throw terminal('PERMISSION_DENIED', 'phones of this account have the default folders only')
  const digest = hash('sha256', JSON.stringify(body), 'hex').slice(0, 32)
  return { context, body, key, commandId: `${device.device}/${name}/${text}/${digest}` }
}

export const serverId = (body: WbxmlNode): string =>
  requiredText(body, 'folderhierarchy:ServerId', { max: MAX_ID })

export const displayName = (body: WbxmlNode): string =>
  requiredText(body, 'folderhierarchy:DisplayName', { max: MAX_NAME }).normalize('NFC').trim()

/** '' is the root. */
export const parentId = (body: WbxmlNode): string => {
  const parent = textChild(body, 'folderhierarchy:ParentId', { max: MAX_ID }) ?? ROOT
  return parent === ROOT ? '' : parent
}

export type Done = Partial<OwnChange> & {
  /** Position of the change. */
  readonly position: number
}

/**
 * The key after a change: as of it, if nothing else happened since the presented one. Else the old position stays, with what the phone
 * did itself, so that it is told of the rest by its next FolderSync.
 */
export const keyAfter = async (
  { mail }: FolderChangeDeps,
  { context, key }: FolderChange,
  { position, expected, made = [], gone = [] }: Done,
): Promise<string> => {
  const { user, call, rows } = context
  const { tenant, account } = user
  const delta = await mail.syncMailboxes(
    { tenant, account, after: key.position, minPosition: position },
    call,
  )
  if (delta.stale) throw badKey('older than what is remembered of removed folders')
  const own = afterAll({ made: [...key.made, ...made], gone: [...key.gone, ...gone] })
  const next = hasForeign(delta, { ...own, expected })
    ? { ...key, ...own }
    : { ...key, position: delta.position, made: [], gone: [] }
  noteHierarchy(rows, { presented: key.position, sent: next.position })
  return formatHierarchyKey(next)
}

/** What was made and then deleted never was. */
const afterAll = ({ made, gone }: OwnChanges): OwnChanges => ({
  made: [...new Set(made)].filter((folder) => !gone.includes(folder)),
  gone: [...new Set(gone)].filter((folder) => !made.includes(folder)),
})
