import { type Answer, type Ask, type Effect, NO_ANSWER, type Talk } from '../eas/effects.ts'
import { headOf } from '../eas/http-head.ts'
import type { PhoneState } from '../eas/phone-state.ts'
import type { Answer as HttpAnswer, HttpConnection } from '../phone/http-connection.ts'

/** How a phone reaches its server. */
export type Line = {
  readonly connection: HttpConnection
  /** Before `?`: `/Microsoft-Server-ActiveSync`, behind what the gateway has before it. */
  readonly path: string
  /** Of the Host header. */
  readonly host: string
}

/** Leads a phone's conversation over a connection of its own, until it ends or `signal` says so. */
export const drive = async (
  talk: Talk<void>,
  phone: PhoneState,
  line: Line,
  signal: AbortSignal,
): Promise<void> => {
  const end = () => line.connection.cut('the run ended')
  signal.addEventListener('abort', end)
  try {
    for (let answer = NO_ANSWER; !signal.aborted; ) {
      const { value, done } = talk.next(answer)
      if (done) break
      answer = await perform(value, phone, line, signal)
    }
  } finally {
    signal.removeEventListener('abort', end)
    line.connection.close()
  }
}

const perform = async (
  effect: Effect,
  phone: PhoneState,
  line: Line,
  signal: AbortSignal,
): Promise<Answer> => {
  if (effect.kind === 'ask') return ask(effect, phone, line)
  if (effect.leaves) line.connection.close()
  await rest(effect.seconds, signal)
  return NO_ANSWER
}

/** Timers of Node may be early by a millisecond. */
const LATE_MS = 2

const rest = (seconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, seconds * 1000 + LATE_MS)
    signal.addEventListener('abort', end)
  })

const ask = async (effect: Ask, phone: PhoneState, line: Line): Promise<Answer> => {
  let isOverdue = false
  const timer = setTimeout(
    () => {
      isOverdue = true
      line.connection.cut('it took too long')
    },
    effect.patience * 1000 + LATE_MS,
  )
  const began = performance.now()
  try {
    const answer = await line.connection.send(requestBytes(effect, phone, line))
    return answerOf(answer, performance.now() - began)
  } catch (error) {
    const ms = performance.now() - began
    if (isOverdue) return { ...NO_ANSWER, trouble: 'patience', ms }
    return { ...NO_ANSWER, trouble: 'connection', reason: (error as Error).message, ms }
  } finally {
    clearTimeout(timer)
  }
}

const NO_BODY = Buffer.alloc(0)

const requestBytes = (effect: Ask, phone: PhoneState, { path, host }: Line): Buffer => {
  const { method, query, headers } = headOf(phone, effect)
  const body = effect.body ?? NO_BODY
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = `${method} ${path}${query} HTTP/1.1\r\nHost: ${host}\r\n${lines.join('')}Content-Length: ${body.length}\r\n\r\n`
  return Buffer.concat([Buffer.from(head, 'latin1'), body])
}

const answerOf = ({ status, head, body }: HttpAnswer, ms: number): Answer => ({
  status,
  body,
  retryAfter: /^retry-after: *(.*?)\r?$/im.exec(head)?.[1],
  ms,
  trouble: 'none',
})
