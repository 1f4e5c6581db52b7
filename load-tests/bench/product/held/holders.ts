import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Address } from '../../../phone/http-connection.ts'
import type { Allowance, HolderMessage, Share } from './holder-messages.ts'

export type Answered = { readonly status: string; readonly at: number }

/** Phones that several processes play, each those of one server. What becomes of them, by phone. */
export type Holders = {
  readonly answers: ReadonlyMap<number, Answered>
  readonly lost: ReadonlyMap<number, string>
  /** Lets so many phones have asked by now, as many of each process. Who is told of older news first takes them and asks again. */
  allow(phones: number): void
  /** From now on what is answered counts. */
  count(): void
  /** Resolves when all processes have ended. */
  readonly ended: Promise<unknown>
  stop(): void
}

/** Each server gets its part of the phones, which come from an address of their own: `127.0.1.1`, `127.0.2.1`, … */
export const sharesOf = (
  servers: readonly Address[],
  { first, count }: Pick<Share, 'first' | 'count'>,
  rest: Pick<Share, 'accounts' | 'work'>,
): readonly Share[] =>
  servers.map((address, k) => {
    const from = first + Math.floor((count * k) / servers.length)
    const next = first + Math.floor((count * (k + 1)) / servers.length)
    return { ...rest, address: { ...address, from: `127.0.${k + 1}.1` }, first: from, count: next - from }
  })

const PROGRAM = fileURLToPath(new URL('holder-process.ts', import.meta.url))

export const startHolders = (shares: readonly Share[]): Holders => {
  const answers = new Map<number, Answered>()
  const lost = new Map<number, string>()
  const hear = (message: HolderMessage) => {
    if (message.kind === 'answered') answers.set(message.phone, message)
    else lost.set(message.phone, message.reason)
  }
  const children = shares.map((share) => startHolder(share, hear))
  const tell = (message: Allowance) => children.forEach((child) => void child.send(message))
  return {
    ...{ answers, lost },
    allow: (phones) => tell({ phones: Math.ceil(phones / children.length), counts: false }),
    count: () => tell({ phones: Number.MAX_SAFE_INTEGER, counts: true }),
    ended: Promise.all(children.map((child) => once(child, 'exit'))),
    stop: () => children.forEach((child) => void child.kill('SIGKILL')),
  }
}

const startHolder = (share: Share, hear: (message: HolderMessage) => void): ChildProcess =>
  fork(PROGRAM, [JSON.stringify(share)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }).on(
    'message',
    hear,
  )
