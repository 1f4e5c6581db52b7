import type { WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import { readAnswer, statusOf } from './answers.ts'
import type { Answer, Ask, Talk } from './effects.ts'
import type { PhoneState } from './phone-state.ts'
import { commonTrouble, retryAfterOf, Trouble } from './trouble.ts'
import type { World } from './world.ts'

/** Who asks, and where. */
export type Asking = { readonly phone: PhoneState; readonly world: World }

export type Asked = Pick<Ask, 'command' | 'body'> & {
  /** Seconds that it may wait at the server, and those after which the phone has something better to do. */
  readonly held?: { readonly seconds: number; readonly interruptAfter: number }
}

/** Seconds that a phone waits for an answer which isn't held. */
const PATIENCE = 90
/** Beyond its heartbeat. */
const HELD_PATIENCE = 30

/** Sends one request and reads its answer. Errors: {@link Trouble}, whatever went wrong. */
export function* request({ phone, world }: Asking, asked: Asked): Talk<WbxmlNode | undefined> {
  const { command, body, held } = asked
  const patience = held ? Math.min(held.interruptAfter, held.seconds + HELD_PATIENCE) : PATIENCE
  if (held) world.count('held begun')
  const answer = yield { kind: 'ask', command, body, patience, isHeld: held !== undefined }
  if (held) world.count('held ended')
  if (answer.status === 503 && !answer.retryAfter) {
    world.count('not told when')
    world.wondered(`${command}: HTTP 503 without Retry-After`)
  }
  const root = understood(answer, asked, phone)
  world.count('answered')
  world.count('bytes', answer.body.length)
  if (!held && command !== 'Ping') world.took(command, answer.ms)
  return root
}

const understood = (answer: Answer, asked: Asked, phone: PhoneState): WbxmlNode | undefined => {
  if (answer.status !== 200) throw troubleOf(answer, asked, phone)
  if (asked.command === 'OPTIONS') return undefined
  const root = readOrWonder(answer.body, asked.command)
  const trouble = commonTrouble(asked.command, statusOf(root))
  if (trouble !== undefined) throw trouble
  return root
}

const readOrWonder = (body: Uint8Array, command: string): WbxmlNode | undefined => {
  try {
    return readAnswer(body)
  } catch (error) {
    throw new Trouble('unexpected', `${command}: ${error instanceof Error ? error.message : 'unreadable'}`)
  }
}

const troubleOf = (
  { status, trouble, retryAfter, reason: said = trouble }: Answer,
  { command, held }: Asked,
  { network }: PhoneState,
): Trouble => {
  if (trouble === 'patience' && held !== undefined && held.interruptAfter <= held.seconds + HELD_PATIENCE)
    return new Trouble('interrupted', 'the phone has something else to do')
  if (status === 0) return new Trouble(network === 'good' ? 'broken' : 'cut', `${command}: ${said}`)
  const reason = `${command}: HTTP ${status}`
  if (status === 503 || status === 429) return new Trouble('later', reason, retryAfterOf(retryAfter))
  if (status === 401 || status === 403) return new Trouble('refused', reason)
  return new Trouble(status === 449 ? 'policy' : 'unexpected', reason)
}
