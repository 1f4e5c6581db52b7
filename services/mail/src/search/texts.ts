import type { Dialect, Reader, Writer } from '@relais/read-store'
import type { AccountKey } from '../queries/account.ts'
import type { Expression } from './expression.ts'
import { fts5Texts } from './fts5-texts.ts'
import { tsvectorTexts } from './tsvector-texts.ts'

/** The texts of a message by what a query can name; `attachments` and `body` only by themselves. */
export type MessageTexts = {
  readonly sender: string
  readonly recipients: string
  readonly subject: string
  readonly attachments: string
  readonly body: string
}

export type MessageKind = '' | 'mail' | 'sms'

/** Of what is found. */
export type Bounds = {
  /** Empty: all. */
  readonly mailboxes: readonly string[]
  /** Milliseconds since 1970, both excluded. */
  readonly after: number
  readonly before: number
  readonly withAttachment: boolean
  /** In hexadecimal; '': any. */
  readonly conversation: string
  /** '': mail and text messages. */
  readonly kind: MessageKind
}

export type Asked = {
  /** Undefined: whatever the texts say. */
  readonly expression: Expression | undefined
  readonly bounds: Bounds
  readonly offset: number
  readonly limit: number
  /** What is counted at most. */
  readonly countTo: number
}

/** Items, newest first, and how many there are. */
export type Found = { readonly items: readonly number[]; readonly total: number }

/** The table of texts: each engine has a full-text index of its own. Equal documents and queries give equal items. */
export type Texts = {
  readonly schema: readonly string[]
  add(writer: Writer, key: AccountKey, doc: number, texts: MessageTexts): Promise<void>
  remove(writer: Writer, doc: number): Promise<void>
  /** Documents of the account that match, newest first. */
  find(reader: Reader, key: AccountKey, asked: Asked): Promise<Found>
}

const ENGINES: Readonly<Record<Dialect, Texts>> = { sqlite: fts5Texts, postgresql: tsvectorTexts }

export const textsOf = ({ dialect }: Pick<Reader, 'dialect'>): Texts => ENGINES[dialect]
