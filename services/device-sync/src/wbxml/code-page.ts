/** EAS protocol version times ten, as the base64 query has it: 25, 120, 121, 140, 141, 160, 161. */
export type EasVersion = 25 | 120 | 121 | 140 | 141 | 160 | 161

/** Token; first version (default: all); last version (default: the newest). 0, 0: reserved, in no version. */
export type TagFacts = readonly [token: number, since?: EasVersion | 0, until?: EasVersion | 0]

/** One WBXML code page of MS-ASWBXML 2.1.2.1: what its tags' bytes mean, and which versions know them. */
export type CodePage = {
  readonly page: number
  /** XML namespace. */
  readonly namespace: string
  /** How our code names it: `airsync:Sync`. */
  readonly prefix: string
  readonly tags: Readonly<Record<string, TagFacts>>
}
