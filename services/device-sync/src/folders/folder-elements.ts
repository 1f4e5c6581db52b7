import type { Mailbox } from '@relais/proto/mail/v1/mail.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'
import type { HierarchyChanges } from './hierarchy-changes.ts'

/** MS-ASCMD 2.2.3.186.3: exactly one folder of each default type; roles without a type of their own are user-made mail folders. */
const types: Readonly<Record<string, number>> = { inbox: 2, drafts: 3, trash: 4, sent: 5, outbox: 6 }

const USER_MAIL = 12
const ROOT = '0'
const MAX_NAME = 256

/** Only folders that the phone is shown can be parents. */
const parentOf = ({ parent, role }: Mailbox, subfolders: boolean): string =>
  parent === '' || (!subfolders && role !== '') ? ROOT : parent

const folder = (
  tag: 'folderhierarchy:Add' | 'folderhierarchy:Update',
  mailbox: Mailbox,
  subfolders: boolean,
) =>
  el(tag, [
    el('folderhierarchy:ServerId', mailbox.mailbox),
    el('folderhierarchy:ParentId', parentOf(mailbox, subfolders)),
    el('folderhierarchy:DisplayName', mailbox.name.slice(0, MAX_NAME)),
    el('folderhierarchy:Type', types[mailbox.role] ?? USER_MAIL),
  ])

/** Changes of MS-ASCMD 2.2.3.25: Count, then updates, deletions and additions. */
export const changesElement = (
  { added, updated, deleted }: HierarchyChanges,
  subfolders: boolean,
): WbxmlNode =>
  el('folderhierarchy:Changes', [
    el('folderhierarchy:Count', added.length + updated.length + deleted.length),
    ...updated.map((mailbox) => folder('folderhierarchy:Update', mailbox, subfolders)),
    ...deleted.map((id) => el('folderhierarchy:Delete', [el('folderhierarchy:ServerId', id)])),
    ...added.map((mailbox) => folder('folderhierarchy:Add', mailbox, subfolders)),
  ])

const listed = (mailbox: Mailbox, subfolders: boolean): WbxmlNode =>
  el('folderhierarchy:Folder', [
    el('folderhierarchy:DisplayName', mailbox.name.slice(0, MAX_NAME)),
    el('folderhierarchy:ServerId', mailbox.mailbox),
    el('folderhierarchy:Type', types[mailbox.role] ?? USER_MAIL),
    el('folderhierarchy:ParentId', parentOf(mailbox, subfolders)),
  ])

/** All folders, as GetHierarchy answers. */
export const foldersElement = (mailboxes: readonly Mailbox[], subfolders: boolean): WbxmlNode =>
  el(
    'folderhierarchy:Folders',
    mailboxes.map((mailbox) => listed(mailbox, subfolders)),
  )
