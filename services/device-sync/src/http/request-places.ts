import { cancelled, type RelaisError, retryable } from '@relais/service-kit'
import { LinePace } from './line-pace.ts'

export type PlacesOptions = {
  /** Requests that are worked on at once. */
  readonly places: number
  /** Of them one owner's. */
  readonly placesOfOne: number
  /** Requests that may stand in line for a place. */
  readonly line: number
  /** Of them one owner's. */
  readonly lineOfOne: number
  /** Milliseconds for which one stands in line at most. */
  readonly patienceMs: number
  /** Bytes of answers that clients are still to take: beyond, nobody else is let in. Of one owner a quarter. */
  readonly untakenBytes: number
}

/** A place to work at. */
export type Place = {
  /** Gives it back for good; further calls do nothing. */
  leave(): void
  /** Gives it back while the request itself waits for its client; then it goes before whoever stands in line. */
  aside<Result>(wait: () => Promise<Result>): Promise<Result>
}

/** Its connection: who stands in line may go. */
export type Client = {
  readonly destroyed: boolean
  once(event: 'close', listener: () => void): unknown
  off(event: 'close', listener: () => void): unknown
}

type InLine = { readonly enter: () => void }

type Standing = {
  readonly client: Client
  readonly resolve: () => void
  readonly reject: (error: RelaisError) => void
}

/** What one account has here. */
type Owner = {
  readonly name: string
  /** Requests in line, at work or aside, and answers that are being sent: it is forgotten with the last one. */
  present: number
  working: number
  untaken: number
  readonly line: Set<InLine>
}

/** Seconds after which those who are turned away come again, and over which they are spread, so that they don't come together. */
const SOONEST = 5
const SPREAD = { least: 5, most: 25 } as const

/**
 * Places at which requests are worked on, so that a burst takes time and not memory. Owners take turns, however much one of them asks.
 * Who was let in once (a request that was held and goes on) goes first, and is never turned away. A request that is held has no place.
 */
export class RequestPlaces {
  readonly #options: PlacesOptions
  readonly #owners = new Map<string, Owner>()
  /** Owners who have someone in line, in the order of their turns. */
  readonly #turns = new Set<Owner>()
  readonly #returning = new Set<InLine>()
  readonly #pace: LinePace
  #working = 0
  #inLine = 0
  #untaken = 0

  constructor(options: PlacesOptions, pace = new LinePace()) {
    this.#options = options
    this.#pace = pace
  }

  get working(): number {
    return this.#working
  }

  get inLine(): number {
    return this.#inLine
  }

  /** Bytes of answers. */
  get untaken(): number {
    return this.#untaken
  }

  /** Of whom something is here. */
  get owners(): number {
    return this.#owners.size
  }

  /** Resolves when it is this owner's turn. Errors: OVERLOADED (the line is full, or was too slow), CANCELLED (the client went). */
  async enter(name: string, client: Client): Promise<Place> {
    const owner = this.#arrives(name)
    try {
      await this.#standInLine(owner, client)
    } catch (error) {
      this.#goes(owner)
      throw error
    }
    return this.#placeOf(owner)
  }

  /** For a request that was held and goes on. */
  async comeBack(name: string): Promise<Place> {
    const owner = this.#arrives(name)
    await this.#return(owner)
    return this.#placeOf(owner)
  }

  /** An answer in memory is on its way to its client, until the result is called. */
  sending(name: string, bytes: number): () => void {
    const owner = this.#arrives(name)
    let taken = false
    this.#count(owner, bytes)
    return () => {
      if (taken) return
      taken = true
      this.#count(owner, -bytes)
      this.#goes(owner)
      this.#admit()
    }
  }

  #count(owner: Owner, bytes: number): void {
    owner.untaken += bytes
    this.#untaken += bytes
  }

  #arrives(name: string): Owner {
    const owner = this.#owners.get(name) ?? { name, present: 0, working: 0, untaken: 0, line: new Set() }
    owner.present += 1
    this.#owners.set(name, owner)
    return owner
  }

  #goes(owner: Owner): void {
    owner.present -= 1
    if (owner.present === 0) this.#owners.delete(owner.name)
  }

  async #standInLine(owner: Owner, client: Client): Promise<void> {
    const { line, lineOfOne } = this.#options
    if (client.destroyed) throw cancelled()
    if (this.#turns.size === 0 && this.#returning.size === 0 && this.#mayWork(owner)) return this.#take(owner)
    if (this.#inLine >= line || owner.line.size >= lineOfOne)
      throw this.#overloaded('too many requests at once')
    await new Promise<void>((resolve, reject) => this.#queue(owner, { client, resolve, reject }))
  }

  #queue(owner: Owner, { client, resolve, reject }: Standing): void {
    const leave = () => {
      clearTimeout(timer)
      client.off('close', gone)
      owner.line.delete(one)
      if (owner.line.size === 0) this.#turns.delete(owner)
      this.#inLine -= 1
    }
    const refuse = (error: RelaisError) => {
      leave()
      reject(error)
    }
    const gone = () => refuse(cancelled())
    const timer = setTimeout(() => refuse(this.#overloaded('the line is too slow')), this.#options.patienceMs)
    const one = {
      enter: () => {
        leave()
        this.#pace.moves()
        this.#take(owner)
        resolve()
      },
    }
    if (this.#inLine === 0) this.#pace.begins()
    client.once('close', gone)
    owner.line.add(one)
    this.#turns.add(owner)
    this.#inLine += 1
    this.#admit()
  }

  /** Who is turned away comes again within the time that the line needs. */
  #overloaded(reason: string): RelaisError {
    const needed = (this.#pace.untilEntered(this.#inLine) ?? Number.POSITIVE_INFINITY) / 1000
    const spread = Math.min(SPREAD.most, Math.max(SPREAD.least, needed))
    return retryable('OVERLOADED', reason, {
      retryAfterSeconds: SOONEST + Math.floor(Math.random() * spread),
    })
  }

  async #return(owner: Owner): Promise<void> {
    if (this.#working < this.#options.places) return this.#take(owner)
    await new Promise<void>((resolve) => {
      const enter = () => {
        this.#take(owner)
        resolve()
      }
      this.#returning.add({ enter })
    })
  }

  #take(owner: Owner): void {
    this.#working += 1
    owner.working += 1
  }

  #give(owner: Owner): void {
    this.#working -= 1
    owner.working -= 1
    this.#admit()
  }

  #placeOf(owner: Owner): Place {
    let left = false
    return {
      leave: () => {
        if (left) return
        left = true
        this.#goes(owner)
        this.#give(owner)
      },
      aside: async (wait) => {
        this.#give(owner)
        try {
          return await wait()
        } finally {
          await this.#return(owner)
        }
      },
    }
  }

  #mayWork({ working, untaken }: Owner): boolean {
    const { places, placesOfOne, untakenBytes } = this.#options
    return (
      this.#working < places &&
      working < placesOfOne &&
      this.#untaken < untakenBytes &&
      untaken * 4 < untakenBytes
    )
  }

  #admit(): void {
    while (this.#working < this.#options.places) {
      const next = this.#nextReturning() ?? this.#nextInTurn()
      if (next === undefined) return
      next.enter()
    }
  }

  #nextReturning(): InLine | undefined {
    for (const one of this.#returning) {
      this.#returning.delete(one)
      return one
    }
    return undefined
  }

  /** Few owners are passed over: those who have all that one may have. */
  #nextInTurn(): InLine | undefined {
    for (const owner of this.#turns) {
      if (!this.#mayWork(owner)) continue
      this.#turns.delete(owner)
      this.#turns.add(owner)
      for (const first of owner.line) return first
    }
    return undefined
  }
}
