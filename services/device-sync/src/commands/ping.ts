import { isBehind, isUnacknowledged } from '@relais/sync-state'
import { type DeviceRows, jsonRows } from '../devices/device-rows.ts'
import { hierarchyRows } from '../folders/hierarchy-rows.ts'
import type { FollowedAccount, FollowedAccounts } from '../push/followed-accounts.ts'
import type { WaitEnd, Waiters } from '../push/waiters.ts'
import { collectionState } from '../sync/collection-rows.ts'
import { HEARTBEAT } from '../sync/sync-wait.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'
import { child, childrenNamed, intChild, requiredText } from '../wbxml/read.ts'
import {
  answer,
  type Command,
  type CommandAnswer,
  type CommandContext,
  type CommandOutcome,
} from './command.ts'
import { noteAsked } from './sync.ts'

export type PingDeps = {
  readonly accounts: FollowedAccounts
  readonly waiters: Waiters
  readonly clock: () => number
}

/** MS-ASCMD 2.2.3.177.11. */
const PING_STATUS = { expired: 1, changes: 2, missing: 3, heartbeat: 5, tooMany: 6, hierarchy: 7 } as const

export const MAX_FOLDERS = 300

type PingParameters = { readonly heartbeat: number; readonly folders: readonly string[] }

/** What the phone said last: a Ping may leave out either. */
const parameterRows = jsonRows<PingParameters>('ping')

/** Collections that were never synced and that a Ping said "changes" for, with the head at which it did: once is enough. */
const toldRows = jsonRows<number>('ping-told')

const status = (code: number, more: readonly WbxmlNode[] = []): CommandAnswer =>
  answer(el('ping:Ping', [el('ping:Status', code), ...more]))

const parametersOf = ({ body, rows }: CommandContext): PingParameters | undefined => {
  const before = rows.get(parameterRows)
  const heartbeat = intChild(body, 'ping:HeartbeatInterval') ?? before?.heartbeat
  const given = child(body, 'ping:Folders')
  const folders = given === undefined ? before?.folders : foldersIn(given)
  if (heartbeat === undefined || folders === undefined || folders.length === 0) return undefined
  return { heartbeat, folders }
}

const foldersIn = (node: WbxmlNode): readonly string[] => [
  ...new Set(
    childrenNamed(node, 'ping:Folder').map((folder) => requiredText(folder, 'ping:Id', { max: 64 })),
  ),
]

/** Undefined: the parameters are within limits. */
const outsideLimits = ({ heartbeat, folders }: PingParameters): CommandAnswer | undefined => {
  if (heartbeat < HEARTBEAT.min)
    return status(PING_STATUS.heartbeat, [el('ping:HeartbeatInterval', HEARTBEAT.min)])
  if (heartbeat > HEARTBEAT.max)
    return status(PING_STATUS.heartbeat, [el('ping:HeartbeatInterval', HEARTBEAT.max)])
  if (folders.length > MAX_FOLDERS) return status(PING_STATUS.tooMany, [el('ping:MaxFolders', MAX_FOLDERS)])
  return undefined
}

const remember = (rows: DeviceRows, parameters: PingParameters): void => {
  if (JSON.stringify(rows.get(parameterRows)) !== JSON.stringify(parameters))
    rows.put(parameterRows, parameters)
}

/** The phone's folders aren't those of the account any more, or it never had one that it names. */
const needsFolderSync = (
  rows: DeviceRows,
  followed: FollowedAccount,
  folders: readonly string[],
): boolean => {
  const sent = rows.get(hierarchyRows)?.sent
  return (
    (sent !== undefined && followed.hierarchy > sent) || folders.some((folder) => !followed.heads.has(folder))
  )
}

/** By every key that the phone may hold (sync.md 6, may); a folder that it never synced is named once for each change. */
const behind = (rows: DeviceRows, followed: FollowedAccount, folders: readonly string[]): readonly string[] =>
  folders.filter((folder) => {
    const state = collectionState(rows, folder)
    const head = followed.heads.get(folder) ?? 0
    return state === undefined ? head > (rows.get(toldRows, folder) ?? -1) : isBehind(state, head)
  })

const noteTold = (rows: DeviceRows, followed: FollowedAccount, folders: readonly string[]): void => {
  noteAsked(rows, folders)
  for (const folder of folders)
    if (collectionState(rows, folder) === undefined)
      rows.put(toldRows, followed.heads.get(folder) ?? 0, folder)
}

const changes = (folders: readonly string[]): CommandAnswer =>
  status(PING_STATUS.changes, [
    el(
      'ping:Folders',
      folders.map((folder) => el('ping:Folder', folder)),
    ),
  ])

/** Folders whose last answer may not have arrived: the phone is sent to look (sync.md 6, unacked). */
const unacknowledged = (rows: DeviceRows, folders: readonly string[]): readonly string[] =>
  folders.filter((folder) => {
    const state = collectionState(rows, folder)
    return state !== undefined && isUnacknowledged(state)
  })

type Watched = {
  readonly rows: DeviceRows
  readonly followed: FollowedAccount
  readonly folders: readonly string[]
}

const answerTo = ({ rows, followed, folders }: Watched, end: WaitEnd): CommandAnswer => {
  if (end.kind === 'hierarchy') return status(PING_STATUS.hierarchy)
  const named = end.kind === 'changes' ? end.collections : unacknowledged(rows, folders)
  if (named.length === 0) return status(PING_STATUS.expired)
  noteTold(rows, followed, named)
  return changes(named)
}

const waiting = (watched: Watched, forMs: number): CommandOutcome => {
  const { rows, followed, folders } = watched
  return {
    kind: 'waiting',
    wait: {
      ...{ device: rows.device, followed, collections: folders, hierarchy: true, forMs },
      behind: () => behind(rows, followed, folders),
    },
    goOn: (end) => answerTo(watched, end),
  }
}

const run = async (deps: PingDeps, context: CommandContext): Promise<CommandOutcome> => {
  const { rows, user, holdUntil } = context
  deps.waiters.supersede(rows.device)
  const parameters = parametersOf(context)
  if (parameters === undefined) return status(PING_STATUS.missing)
  const refusal = outsideLimits(parameters)
  if (refusal) return refusal
  remember(rows, parameters)
  const { folders, heartbeat } = parameters
  const followed = await deps.accounts.follow(user)
  if (needsFolderSync(rows, followed, folders)) return status(PING_STATUS.hierarchy)
  return waiting({ rows, followed, folders }, Math.min(heartbeat * 1000, holdUntil - deps.clock()))
}

/** Ping (MS-ASCMD 2.2.1.13): held until one of its folders changes, its heartbeat is over, or the phone says something else. */
export const createPing = (deps: PingDeps): Command => ({
  name: 'Ping',
  body: 'small',
  emptyBody: true,
  run: (context) => run(deps, context),
})
