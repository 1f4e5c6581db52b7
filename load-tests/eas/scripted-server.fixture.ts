import { decodeWbxml } from '@relais/device-sync/wbxml/decode.ts'
import { encodeWbxml } from '@relais/device-sync/wbxml/encode.ts'
import { el, type WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import { type Answer, type Ask, type Effect, NO_ANSWER, type Talk } from './effects.ts'
import type { World } from './world.ts'

/** What a server answers to one request: a document, nothing, or another HTTP status. */
export type Scripted = WbxmlNode | undefined | { readonly status: number; readonly retryAfter?: string }
export type Script = (ask: Ask, asked: WbxmlNode | undefined) => Scripted | Answer

export const ok = (body?: WbxmlNode): Answer => ({
  ...NO_ANSWER,
  status: 200,
  ms: 5,
  body: body === undefined ? new Uint8Array(0) : encodeWbxml(body),
})

const TYPES = ['2', '3', '4', '5']

export const folderAnswer = (key = 'f1'): WbxmlNode =>
  el('folderhierarchy:FolderSync', [
    el('folderhierarchy:Status', 1),
    el('folderhierarchy:SyncKey', key),
    el('folderhierarchy:Changes', [
      el('folderhierarchy:Count', TYPES.length),
      ...TYPES.map((type) =>
        el('folderhierarchy:Add', [
          el('folderhierarchy:ServerId', `folder${type}`),
          el('folderhierarchy:ParentId', '0'),
          el('folderhierarchy:DisplayName', `Folder ${type}`),
          el('folderhierarchy:Type', type),
        ]),
      ),
    ]),
  ])

export const policyAnswer = (key: string): WbxmlNode =>
  el('provision:Provision', [
    el('provision:Status', 1),
    el('provision:Policies', [
      el('provision:Policy', [
        el('provision:PolicyType', 'MS-EAS-Provisioning-WBXML'),
        el('provision:Status', 1),
        el('provision:PolicyKey', key),
      ]),
    ]),
  ])

export type Item = { readonly id: string; readonly subject: string }

/** Of one folder: what came, and whether there is more. */
export const syncAnswer = (id: string, items: readonly Item[] = [], more = false, status = '1'): WbxmlNode =>
  el('airsync:Sync', [
    el('airsync:Collections', [
      el('airsync:Collection', [
        el('airsync:SyncKey', `${id}-next`),
        el('airsync:CollectionId', id),
        el('airsync:Status', status),
        more && el('airsync:MoreAvailable'),
        items.length > 0 &&
          el(
            'airsync:Commands',
            items.map((item) =>
              el('airsync:Add', [
                el('airsync:ServerId', item.id),
                el('airsync:ApplicationData', [el('email:Subject', item.subject)]),
              ]),
            ),
          ),
      ]),
    ]),
  ])

export const pingAnswer = (status: string, heartbeat?: number): WbxmlNode =>
  el('ping:Ping', [
    el('ping:Status', status),
    heartbeat !== undefined && el('ping:HeartbeatInterval', heartbeat),
  ])

/** The folder that a Sync names first. */
export const folderIn = (asked: WbxmlNode | undefined): string =>
  /folder\d/.exec(JSON.stringify(asked) ?? '')?.[0] ?? ''

/** A server that has no mail and no policy: every request goes well, and what waits waits its whole heartbeat. */
export const quiet: Script = (ask, asked) => {
  if (ask.command === 'OPTIONS') return ok()
  if (ask.command === 'Provision') return el('provision:Provision', [el('provision:Status', 1)])
  if (ask.command === 'Settings') return el('settings:Settings', [el('settings:Status', 1)])
  if (ask.command === 'FolderSync') return folderAnswer()
  if (ask.command === 'SendMail') return undefined
  if (ask.command === 'Ping') return pingAnswer('1')
  return ask.isHeld ? undefined : syncAnswer(folderIn(asked))
}

export type Heard = {
  readonly counts: Map<string, number>
  readonly times: Map<string, number[]>
  readonly wonders: string[]
  readonly effects: Effect[]
}

type Leading = {
  readonly random?: () => number
  readonly most?: number
  /** From a moment on who leads is late by so many seconds, once: there are others. */
  readonly late?: { readonly at: number; readonly by: number }
}

/** Leads a conversation in a time of its own: what rests and what waits takes no time of ours. */
export const lead = (
  start: (world: World) => Talk<void>,
  script: Script,
  { random = () => 0.5, most = 5000, late }: Leading = {},
): Heard => {
  const heard: Heard = { counts: new Map(), times: new Map(), wonders: [], effects: [] }
  let now = 0
  const world: World = {
    count: (what, by = 1) => void heard.counts.set(what, (heard.counts.get(what) ?? 0) + by),
    took: (what, ms) => void heard.times.set(what, [...(heard.times.get(what) ?? []), ms]),
    wondered: (why) => void heard.wonders.push(why),
    now: () => now,
    date: () => EPOCH + now * 1000,
    random,
    someone: () => 'b@load.example',
  }
  const talk = start(world)
  for (let answer = NO_ANSWER; heard.effects.length < most; ) {
    const { value, done } = talk.next(answer)
    if (done) break
    heard.effects.push(value)
    const before = now
    now += secondsOf(value)
    if (late !== undefined && before < late.at && now >= late.at) now += late.by
    answer = value.kind === 'rest' ? NO_ANSWER : answerTo(value, script)
  }
  return heard
}

export const EPOCH = Date.UTC(2026, 0, 5, 8)

const secondsOf = (effect: Effect): number =>
  effect.kind === 'rest' ? effect.seconds : effect.isHeld ? effect.patience : 0.005

const answerTo = (ask: Ask, script: Script): Answer => {
  const scripted = script(ask, ask.body === undefined ? undefined : decodeWbxml(ask.body))
  if (scripted !== undefined && 'trouble' in scripted) return scripted
  if (scripted === undefined || 'tag' in scripted) return ok(scripted)
  return { ...NO_ANSWER, status: scripted.status, retryAfter: scripted.retryAfter }
}

export const commandsIn = ({ effects }: Heard): readonly string[] =>
  effects.flatMap((effect) => (effect.kind === 'ask' ? [effect.command] : []))

export const restsIn = ({ effects }: Heard): readonly number[] =>
  effects.flatMap((effect) => (effect.kind === 'rest' ? [effect.seconds] : []))
