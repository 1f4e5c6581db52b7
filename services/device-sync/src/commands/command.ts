import type { CallExtras } from '@relais/service-kit'
import type { Device } from '../device/device.ts'
import type { Asking } from '../devices/device-registry.ts'
import type { DeviceRows } from '../devices/device-rows.ts'
import type { FamilyTraits } from '../devices/families.ts'
import type { RequestLine } from '../http/request-line.ts'
import type { Wait, WaitEnd } from '../push/waiters.ts'
import type { SignedIn } from '../sign-in/signed-in.ts'
import type { EasVersion } from '../wbxml/code-page.ts'
import type { WbxmlNode } from '../wbxml/node.ts'

/** A request on its way to its command: authenticated, its device known, its body read. */
export type CommandContext = {
  readonly version: EasVersion
  readonly user: SignedIn
  readonly device: Device
  /** What the device's kind of client needs. */
  readonly family: FamilyTraits
  /** Sync state of this device. */
  readonly rows: DeviceRows
  readonly line: RequestLine
  /** Undefined: the request had no body. */
  readonly body: WbxmlNode | undefined
  /** Identity and correlation of every call made for this request. */
  readonly call: CallExtras
  /** Milliseconds since 1970 at which the request came. */
  readonly now: number
  /** Milliseconds since 1970 until which the request may wait at most: its credential expires then. */
  readonly holdUntil: number
}

/** What a command answers; failures are thrown and become a Status in one place (error-table.ts). */
export type CommandAnswer =
  /** 200 with an empty body. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'wbxml'; readonly root: WbxmlNode; readonly headers?: Readonly<Record<string, string>> }
  /** ItemOperations: the document is part 0, `parts` are 1, 2, … */
  | { readonly kind: 'multipart'; readonly root: WbxmlNode; readonly parts: readonly MultipartPart[] }
  /** GetAttachment: no document, but what was asked for. */
  | ({ readonly kind: 'content'; readonly type: string } & MultipartPart)

/**
 * Instead of an answer: the request waits. It is no work while it does, and ends when its client goes, its account loses access
 * or its device is blocked. This object is all that a command keeps of a request meanwhile: thousands wait.
 */
export type Waiting = {
  readonly kind: 'waiting'
  readonly wait: Wait
  /** How it goes on once the wait has ended: with its answer, or another wait. */
  goOn(end: WaitEnd): CommandOutcome | Promise<CommandOutcome>
}

export type CommandOutcome = CommandAnswer | Waiting

export type MultipartPart = { readonly length: number; readonly chunks: () => AsyncIterable<Uint8Array> }

/** One command of MS-ASCMD. */
export type Command = {
  /** As in Cmd. */
  readonly name: string
  /** `message`: the body may carry a whole message; `small`: it may not. */
  readonly body: 'small' | 'message'
  /** Whether a request without body makes sense. */
  readonly emptyBody: boolean
  run(context: CommandContext): Promise<CommandOutcome>
}

const DEADLINE_MS = 10_000

/** As whom a command changes its device, and until when. */
export const askingOf = ({ call, user, device, now }: CommandContext): Asking => ({
  identity: call.identity ?? {
    tenant: user.tenant,
    actor: { kind: 'device', id: user.account, device: device.device },
    principal: user.account,
  },
  deadline: now + DEADLINE_MS,
  correlation: call.correlation ?? '',
  traceparent: '',
})

export const answer = (root: WbxmlNode, headers?: Readonly<Record<string, string>>): CommandAnswer => ({
  kind: 'wbxml',
  root,
  headers,
})

export const emptyAnswer: CommandAnswer = { kind: 'empty' }
