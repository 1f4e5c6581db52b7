/** What is counted while phones work. */
export type CountName =
  /** Phones that came up for the first time, that have waited for mail, and that gave up. */
  | 'phones up'
  | 'phones waiting'
  | 'phones gone'
  /** Requests that began and ended to wait. */
  | 'held begun'
  | 'held ended'
  /** Answers by what they are. */
  | 'answered'
  | 'told to come later'
  /** Of them: by a 503 that doesn't say when. */
  | 'not told when'
  | 'refused'
  | 'unexpected'
  /** Requests without an answer: because of the network that the phone has, or for no such reason. */
  | 'cut'
  | 'broken'
  /** Bytes of answers. */
  | 'bytes'
  | 'messages taken'
  | 'messages marked'
  | 'messages sent'
  | 'mails in'
  | 'mails refused'
  /** Phones that left all together, and that came to wait again afterwards. */
  | 'left'
  | 'back'

/** What is timed, in milliseconds. */
export type TimeName =
  | 'OPTIONS'
  | 'Provision'
  | 'FolderSync'
  | 'Settings'
  | 'Sync'
  | 'SendMail'
  /** A mail over LMTP or SMTP, until it is accepted. */
  | 'delivery'
  /** From a mail's handing in to the answer of the request that waits for it, and to the Sync that has it. */
  | 'told'
  | 'arrived'
  /** From the moment from which phones could come again until one waits again. */
  | 'back'

export type Observer = {
  count(what: CountName, by?: number): void
  took(what: TimeName, ms: number): void
  /** Why something was unexpected: a few of them are shown. No content, no addresses. */
  wondered(why: string): void
}

/** What a phone knows of the world around it. */
export type World = Observer & {
  /** Seconds since the run began. */
  now(): number
  /** Milliseconds since 1970, with a fraction where there is one. */
  date(): number
  /** From 0 to below 1. */
  random(): number
  /** An address that mail may be sent to. */
  someone(): string
}
