import type { CommandIndex } from './command-index.ts'
import { toldBy } from './envelope.ts'
import type { LogApi, LogMessage } from './log-api.ts'
import type { Losses } from './losses.ts'
import { behind } from './pages.ts'
import { type Patience, patiently } from './patience.ts'
import { StreamHeads } from './stream-heads.ts'
import type { Commit, Tail } from './tail.ts'

type Deps = {
  readonly api: Pick<LogApi, 'leaderLast' | 'leaderAt'>
  readonly commands: Pick<CommandIndex, 'built' | 'wanted' | 'add'>
  readonly tail: Pick<Tail, 'position'>
  readonly losses: Pick<Losses, 'isErased' | 'suspect'>
}

/**
 * What this process knows of the streams that it appends to. A stream's head is remembered only when the command index has every
 * commit of the stream up to it; up to the tail's position it has those of all streams.
 */
export class StreamView {
  readonly #deps: Deps
  readonly #heads = new StreamHeads()

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Position of the stream's last commit as far as known here; the server judges. */
  async head(subject: string, deadline: number): Promise<number> {
    const { commands, tail } = this.#deps
    await patiently(() => commands.built(() => tail.position), patienceUntil(deadline))
    return this.#heads.get(subject) ?? (await this.refresh(subject, deadline))
  }

  /** The stream's head as the leader knows it, with the commands up to it. Errors: LogUnavailableError. */
  async refresh(subject: string, deadline: number): Promise<number> {
    return await patiently(() => this.#refresh(subject), patienceUntil(deadline))
  }

  /** One of our own. */
  appended(subject: string, commandId: string, position: number) {
    const { tail, commands } = this.#deps
    if (position <= (this.#heads.get(subject) ?? 0)) return
    if (position > tail.position) commands.add(subject, commandId, position, Date.now())
    this.#heads.set(subject, position)
  }

  /** Whoever's it is, in order, from the tail. */
  told({ subject, position, told, stored }: Commit) {
    if (!this.#deps.commands.wanted) return
    const head = this.#heads.get(subject)
    if (head !== undefined && position <= head) return
    this.#deps.commands.add(subject, told.commandId, position, stored)
    if (head !== undefined) this.#heads.set(subject, position)
  }

  async #refresh(subject: string): Promise<number> {
    const known = this.#heads.get(subject) ?? 0
    const last = await this.#deps.api.leaderLast(subject)
    const head = last?.position ?? 0
    if (head < known) await this.#wentBack(subject, known)
    if (last) await this.#catchUp(last, Math.min(known, head))
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
    const { api, tail, commands, losses } = this.#deps
    const after = Math.max(known, tail.position)
    let message: LogMessage | undefined = last
    while (message && message.position > after) {
      const { subject, position, stored } = message
      const { commandId, previous } = toldBy(subject, message.headers)
      commands.add(subject, commandId, position, stored)
      message = previous > after ? await api.leaderAt(previous) : undefined
      const isMissing = previous > after && message?.subject !== subject
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
