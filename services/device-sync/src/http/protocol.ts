import type { EasVersion } from '../wbxml/code-page.ts'

/** Versions that are complete here, as OPTIONS lists them. */
export const SUPPORTED_VERSIONS: ReadonlyMap<EasVersion, string> = new Map([
  [141, '14.1'],
  [161, '16.1'],
])

export const VERSIONS_HEADER = [...SUPPORTED_VERSIONS.values()].join(',')

/** From here on failures are a Status in the answer; before, an HTTP status ([CMD 4806]). */
export const STATUS_IN_BODY: EasVersion = 140

/** Command names by the code of the base64 query (MS-ASHTTP 2.2.1.1.1.1.2). */
export const COMMAND_NAMES = [
  'Sync',
  'SendMail',
  'SmartForward',
  'SmartReply',
  'GetAttachment',
  'GetHierarchy',
  'CreateCollection',
  'DeleteCollection',
  'MoveCollection',
  'FolderSync',
  'FolderCreate',
  'FolderDelete',
  'FolderUpdate',
  'MoveItems',
  'GetItemEstimate',
  'MeetingResponse',
  'Search',
  'Settings',
  'Ping',
  'ItemOperations',
  'Provision',
  'ResolveRecipients',
  'ValidateCert',
  'Find',
] as const

const versions: ReadonlySet<number> = new Set([25, 120, 121, 140, 141, 160, 161])

/** A version number we know the meaning of, whether or not it is served. */
export const isEasVersion = (version: number): version is EasVersion => versions.has(version)
