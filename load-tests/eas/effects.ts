/** Commands that simulated phones send. */
export type Command = 'Sync' | 'SendMail' | 'FolderSync' | 'Settings' | 'Ping' | 'Provision'

/** A request that a phone wants to send. */
export type Ask = {
  readonly kind: 'ask'
  readonly command: Command | 'OPTIONS'
  readonly body: Uint8Array | undefined
  /** Seconds after which it is given up. */
  readonly patience: number
  /** It waits at the server until there is news. */
  readonly isHeld: boolean
}

/** A while in which it sends nothing. `leaves`: without a connection. */
export type Rest = { readonly kind: 'rest'; readonly seconds: number; readonly leaves: boolean }

export type Effect = Ask | Rest

/** What became of a request. */
export type Answer = {
  /** Of HTTP; 0: there is none. */
  readonly status: number
  readonly body: Uint8Array
  readonly retryAfter: string | undefined
  readonly ms: number
  /** Why there is none; `patience`: it took longer than the phone waits. */
  readonly trouble: 'none' | 'patience' | 'connection'
  /** What the system says of a connection that broke. */
  readonly reason?: string
}

/** A conversation: says what it wants done and is told what became of it. It neither has a clock nor sends anything, so that a process of Node and k6 both can lead it. */
export type Talk<T> = Generator<Effect, T, Answer>

const NO_BYTES = new Uint8Array(0)

export const NO_ANSWER: Answer = {
  status: 0,
  body: NO_BYTES,
  retryAfter: undefined,
  ms: 0,
  trouble: 'none',
}
