import type { TagName } from '../wbxml/code-pages.ts'

/**
 * Root element and its Status for every command whose answer may be these two alone, served or not: a failure is told by them.
 * MeetingResponse has its Status in a Result; it and the commands without WBXML fail by HTTP.
 */
export const roots: ReadonlyMap<string, { readonly root: TagName; readonly status: TagName }> = new Map([
  ['Sync', { root: 'airsync:Sync', status: 'airsync:Status' }],
  ['SendMail', { root: 'composemail:SendMail', status: 'composemail:Status' }],
  ['SmartForward', { root: 'composemail:SmartForward', status: 'composemail:Status' }],
  ['SmartReply', { root: 'composemail:SmartReply', status: 'composemail:Status' }],
  ['FolderSync', { root: 'folderhierarchy:FolderSync', status: 'folderhierarchy:Status' }],
  ['FolderCreate', { root: 'folderhierarchy:FolderCreate', status: 'folderhierarchy:Status' }],
  ['FolderDelete', { root: 'folderhierarchy:FolderDelete', status: 'folderhierarchy:Status' }],
  ['FolderUpdate', { root: 'folderhierarchy:FolderUpdate', status: 'folderhierarchy:Status' }],
  ['MoveItems', { root: 'move:MoveItems', status: 'move:Status' }],
  ['GetItemEstimate', { root: 'getitemestimate:GetItemEstimate', status: 'getitemestimate:Status' }],
  ['Search', { root: 'search:Search', status: 'search:Status' }],
  ['Settings', { root: 'settings:Settings', status: 'settings:Status' }],
  ['Ping', { root: 'ping:Ping', status: 'ping:Status' }],
  ['ItemOperations', { root: 'itemoperations:ItemOperations', status: 'itemoperations:Status' }],
  ['Provision', { root: 'provision:Provision', status: 'provision:Status' }],
  ['ResolveRecipients', { root: 'resolverecipients:ResolveRecipients', status: 'resolverecipients:Status' }],
  ['ValidateCert', { root: 'validatecert:ValidateCert', status: 'validatecert:Status' }],
  ['Find', { root: 'find:Find', status: 'find:Status' }],
])
