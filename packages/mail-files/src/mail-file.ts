/** Marks that mail files can carry: Maildir's info letters, mbox's Status and X-Status fields. */
export type Marks = {
  readonly seen: boolean
  readonly answered: boolean
  readonly flagged: boolean
  readonly draft: boolean
}

export const NO_MARKS: Marks = { seen: false, answered: false, flagged: false, draft: false }

/** One message of an mbox, a Maildir or an .eml file. */
export type MailFile = {
  /** Where it was read from, for progress and complaints, e.g. "archive.mbox#12". */
  readonly source: string
  /** Mailbox names from the top; empty: the format doesn't say. */
  readonly path: readonly string[]
  readonly marks: Marks
  /** Milliseconds since 1970; undefined: the format doesn't say. */
  readonly receivedAt: number | undefined
  /** The message as it is. Read it to its end before the next message is asked for. */
  readonly chunks: AsyncIterable<Uint8Array>
}

/** One message to be written. */
export type OutgoingMailFile = Omit<MailFile, 'source'> & { readonly envelopeSender: string }
