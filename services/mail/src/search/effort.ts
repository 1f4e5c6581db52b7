/** What a search may cost. Numbers, no times: the same is found whatever the machine has to do. */
export type Effort = {
  /** Documents of a volume: all that one statement looks at. */
  readonly perVolume: number
  /** What is done in one go: then whatever else waits for this thread has its turn. A document asked for one word is 1. */
  readonly inOneGo: number
  /** What is asked of the index in all: for many words in the newest messages alone. */
  readonly inAll: number
  /** So few words are looked for in all messages, however many there are. */
  readonly fewWords: number
  /** Messages that are looked at one by one, the newest that match in everything else. */
  readonly lookedAt: number
}

export const EFFORT: Effort = {
  perVolume: 1024,
  inOneGo: 16_384,
  inAll: 320_000,
  fewWords: 4,
  lookedAt: 20_000,
}

/** What it costs to read a document's row beside its texts, and what a message's, against asking the index for a word of it. */
export const ROW_EFFORT = 8
