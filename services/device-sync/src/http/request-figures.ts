import { observe, type Span, secondsSince } from '@relais/service-kit'
import type { Command } from '../commands/command.ts'
import type { Cause } from '../push/followed-accounts.ts'
import type { HttpAnswer } from './http-answer.ts'
import type { Post } from './post.ts'

export type Told = {
  /** Of the work; `performance.now()`. */
  readonly start: number
  readonly span: Span
  /** Undefined: it was no POST of a phone. */
  readonly post: Post | undefined
  readonly answer: HttpAnswer
}

/** A client may call itself and its command whatever it likes: figures and spans have our names only. */
const commandOf = (commands: ReadonlyMap<string, Command>, post: Post | undefined): string =>
  post?.command !== undefined && commands.has(post.command) ? post.command : 'other'

/** A request was answered. */
export const tellRequest = (
  commands: ReadonlyMap<string, Command>,
  { start, span, post, answer }: Told,
): void => {
  const command = commandOf(commands, post)
  const code = post?.failed ?? 'OK'
  if (span.isRecorded) {
    span.rename(command === 'other' ? 'EAS' : `EAS ${command}`)
    span.set({
      'relais.command': command,
      'relais.status': answer.status,
      'relais.code': code,
      ...whose(post),
    })
  }
  observe(
    'relais_eas_request_seconds',
    { command, http_status: String(answer.status), code },
    { seconds: secondsSince(start) },
  )
}

/** Phones' identifiers may be numbers of devices: hashed. */
const whose = (post: Post | undefined) => {
  const device = post?.rows?.device
  if (device === undefined) return {}
  return {
    'relais.tenant': device.tenant,
    'relais.account_hash': device.account,
    'relais.device_hash': device.device,
  }
}

/** A request that waited was answered because of a commit. */
export const tellWoken = ({ at }: Cause, now: number): void =>
  observe('relais_append_to_woken_seconds', {}, { seconds: (now - at) / 1000 })
