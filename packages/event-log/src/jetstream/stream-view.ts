import type { CommandIndex } from './command-index.ts'
import { toldBy } from './envelope.ts'
import type { LogApi, LogMessage } from './log-api.ts'
import type { Losses } from './losses.ts'
import { behind } from './pages.ts'
import { type Patience, patiently } from './patience.ts'
import { StreamHeads } from './stream-heads.ts'
import type { Commit } from './tail.ts'

type Deps = {
  readonly api: Pick<LogApi, 'leaderLast' | 'leaderAt'>
  readonly commands: Pick<CommandIndex, 'cover' | 'add'>
  readonly losses: Pick<Losses, 'isErased' | 'suspect'>
}

/**
 * What this process knows of the streams that it appends to. A stream's head is remembered only when the command index has every
 * commit of the stream up to it, for as long as commands are kept.
 */
export class StreamView {
  readonly #deps: Deps
  readonly #heads = new StreamHeads()

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Position of the stream's last commit as far as this process has appended to it; 0: it hasn't. */
  known(subject: string): number {
    return this.#heads.get(subject) ?? 0
  }

  /** Position of the stream's last commit as far as known here; the server judges. */
  async head(subject: string, deadline: number): Promise<number> {
    return this.#heads.get(subject) ?? (await this.refresh(subject, deadline))
  }

  /** The stream's head as the leader knows it, with the commands up to it. Errors: LogUnavailableError. */
  async refresh(subject: string, deadline: number): Promise<number> {
    return await patiently(() => this.#refresh(subject), patienceUntil(deadline))
  }

  /** One of our own, on top of the head. */
  appended(subject: string, commandId: string, position: number) {
    if (position <= (this.#heads.get(subject) ?? 0)) return
    this.#deps.commands.add(subject, commandId, position, Date.now())
    this.#heads.set(subject, position)
  }

  /** Whoever's it is, in order, from the tail. One that isn't on top of the head is found with what is missing when the head is refreshed. */
  told({ subject, position, told, stored }: Commit) {
    if (this.#heads.get(subject) !== told.previous) return
    this.#deps.commands.add(subject, told.commandId, position, stored)
    this.#heads.set(subject, position)
  }

  async #refresh(subject: string): Promise<number> {
    const { api, commands } = this.#deps
    const known = this.#heads.get(subject)
    const last = await api.leaderLast(subject)
    const head = last?.position ?? 0
    if (known !== undefined && head < known) await this.#wentBack(subject, known)
    if (last && known === undefined) await commands.cover(last)
    else if (last) await this.#catchUp(last, Math.min(known ?? 0, head))
    // Meanwhile the tail may have told of later ones.
    const newest = Math.max(head, this.#heads.get(subject) ?? 0)
    this.#heads.set(subject, newest)
    return newest
  }

  /** An account was erased; or a leader is asked that has been deposed without knowing; or commits are lost. */
  async #wentBack(subject: string, known: number) {
    if (!(await this.#deps.losses.isErased(subject, known))) {
      this.#deps.losses.suspect(subject, known)
      throw behind()
    }
    if (this.#heads.get(subject) === known) this.#heads.forget(subject)
  }

  /**
   * Adds the commits that are new here, from the last one back along the chain. One that can't be found is no end of it: only
   * if its account was erased there was nothing before.
   */
  async #catchUp(last: LogMessage, known: number) {
    const { api, commands, losses } = this.#deps
    let message: LogMessage | undefined = last
    while (message && message.position > known) {
      const { subject, position, stored } = message
      const { commandId, previous } = toldBy(subject, message.headers)
      commands.add(subject, commandId, position, stored)
      message = previous > known ? await api.leaderAt(previous) : undefined
      const isMissing = previous > known && message?.subject !== subject
      if (isMissing && !(await losses.isErased(subject, previous))) throw behind()
      if (isMissing) return
    }
  }
}

/** Not ended by `close`: appends under way are finished. */
const patienceUntil = (deadline: number): Patience => ({
  doing: 'append',
  deadline,
  closed: new AbortController().signal,
})
