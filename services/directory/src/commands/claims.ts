import { ConflictError, type EventLog, type StoredCommit } from '@relais/event-log'
import type { Event, Stream } from '@relais/proto/common/v1/log.ts'
import { retryable } from '@relais/service-kit/errors.ts'
import { type Claim, type ClaimFact, claimOf, ERASER, type HolderUse, nextStep } from '../claim/claim.ts'
import { claimEvents, directoryEvents } from '../events.ts'
import type { Ids } from '../ids.ts'
import { knownEvents } from '../known-events.ts'
import type { Name } from './names.ts'
import { type Command, commitOf, conflict, MAX_ATTEMPTS } from './streams.ts'

type Deps = { readonly log: EventLog; readonly clock: () => number; readonly ids: Pick<Ids, 'command'> }

/** A name as it was claimed at a position. */
export type Claimed = { readonly name: Name; readonly position: number }

const RETRY_AFTER_SECONDS = 10

const reserved = () =>
  retryable('NAME_RESERVED', 'the name is being taken or given back', {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  })

/** Claims names in their streams: claim.ts says why two can't both get one. */
export class Claims {
  readonly #deps: Deps

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Errors: ADDRESS_TAKEN or DOMAIN_TAKEN (terminal), NAME_RESERVED, CONFLICT. */
  async claim(name: Name, holder: string, command: Command): Promise<void> {
    // Most names are new: their stream is read only if it isn't empty.
    let claim = claimOf(undefined)
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      if (await this.#take(name, { holder, claim, command })) return
      claim = await this.read(name)
    }
    throw conflict()
  }

  /**
   * Errors as for one. Those claimed before one was refused aren't released: another decision of the same holder may rest on them.
   * Nobody uses them, so whoever wants them gets them after a moment.
   */
  async claimAll(names: readonly Name[], holder: string, command: Command): Promise<void> {
    const outcomes = await Promise.allSettled(names.map((name) => this.claim(name, holder, command)))
    const refused = outcomes.find((outcome) => outcome.status === 'rejected')
    if (refused) throw refused.reason
  }

  /** Gives back what its holder has stopped using, unless the name was claimed again since. */
  async release({ name, position }: Claimed, command: Command): Promise<void> {
    const event = claimEvents.encode('NameReleased', {})
    await this.#append(name.stream, command, { event, expected: position })
  }

  /** Takes a name from a holder that is being erased, so that nobody claims it until its stream is purged. False: look again. */
  seize({ name, position }: Claimed, command: Command): Promise<boolean> {
    const event = claimEvents.encode('NameClaimed', { holder: ERASER })
    return this.#append(name.stream, command, { event, expected: position })
  }

  async read({ stream }: Name): Promise<Claim> {
    let last: ClaimFact | undefined
    for await (const commits of this.#deps.log.read(stream, 0)) last = commits.map(claimFact).at(-1) ?? last
    return claimOf(last)
  }

  /** False: look again. */
  async #take(
    name: Name,
    { holder, claim, command }: { holder: string; claim: Claim; command: Command },
  ): Promise<boolean> {
    const question = { claim, wanter: holder, now: this.#deps.clock() }
    let step = nextStep(question)
    if (step === 'ask') {
      const { use, position } = await this.#ask(name, claim.holder)
      step = nextStep({ ...question, use })
      if (step === 'forfeit' && !(await this.#forfeit(name.holderStream(claim.holder), command, position)))
        return false
    }
    if (step === 'taken') throw name.taken()
    if (step === 'wait') throw reserved()
    const event = claimEvents.encode('NameClaimed', { holder })
    return this.#append(name.stream, command, { event, expected: claim.position })
  }

  async #ask(name: Name, holder: string): Promise<{ use: HolderUse; position: number }> {
    const commits: StoredCommit[] = []
    for await (const batch of this.#deps.log.read(name.holderStream(holder), 0)) commits.push(...batch)
    return {
      use: name.isUsed(knownEvents(commits)) ? 'used' : 'unused',
      position: commits.at(-1)?.position ?? 0,
    }
  }

  #forfeit(stream: Stream, command: Command, head: number): Promise<boolean> {
    const event = directoryEvents.encode('ClaimForfeited', {})
    return this.#append(stream, command, { event, expected: head })
  }

  /** False: something else is the stream's last commit. Its own command id: a claim made again is another claim. */
  async #append(
    stream: Stream,
    command: Command,
    { event, expected }: { event: Event; expected: number },
  ): Promise<boolean> {
    const { log, clock, ids } = this.#deps
    const change = { stream, events: [event], expected, at: clock() }
    try {
      await log.append(commitOf({ ...command, commandId: ids.command() }, change))
      return true
    } catch (error) {
      if (error instanceof ConflictError) return false
      throw error
    }
  }
}

const claimFact = ({ events, position, at }: StoredCommit): ClaimFact => {
  const event = claimEvents.decode(events[0]!)
  // A newer program's fact about who has a name can't be judged here: nobody gets it from us.
  if (event.type === 'unknown') throw retryable('NAME_RESERVED', 'a newer program is in charge of the name')
  return { event, position, at }
}
