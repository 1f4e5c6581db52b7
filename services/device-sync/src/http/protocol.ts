import type { EasVersion } from '../wbxml/code-page.ts'

/** Versions that are served, as OPTIONS lists them. */
export const SUPPORTED_VERSIONS: ReadonlyMap<EasVersion, string> = new Map([
  [25, '2.5'],
  [120, '12.0'],
  [121, '12.1'],
  [140, '14.0'],
  [141, '14.1'],
  [160, '16.0'],
  [161, '16.1'],
])

export const VERSIONS_HEADER = [...SUPPORTED_VERSIONS.values()].join(',')

/** From here on the common statuses are a Status in the answer; before, an HTTP status ([CMD 4806]). */
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

/** A version number that a protocol has had, and is served. */
export const isEasVersion = (version: number): version is EasVersion =>
  SUPPORTED_VERSIONS.has(version as EasVersion)

type Span = { readonly since: EasVersion; readonly until: EasVersion }

const ALL: Span = { since: 25, until: 161 }

/** Commands that not all versions have (MS-ASCMD 2.2.1). */
const spans: Readonly<Record<string, Span>> = {
  GetAttachment: { since: 25, until: 121 },
  GetHierarchy: { since: 25, until: 121 },
  ItemOperations: { since: 120, until: 161 },
  Settings: { since: 120, until: 161 },
  Find: { since: 161, until: 161 },
}

/** The versions that have a command. */
export const versionsOf = (command: string): Span => spans[command] ?? ALL
