import type { Dialect, Reader, Writer } from '@relais/read-store'
import type { AccountKey } from '../queries/account.ts'
import type { Effort } from './effort.ts'
import type { Expression } from './expression.ts'
import { fts5Texts } from './fts5-texts.ts'
import type { Goes } from './goes.ts'
import { tsvectorTexts } from './tsvector-texts.ts'

/** The texts of a message by what a query can name; `attachments` and `body` only by themselves. */
export type MessageTexts = {
  readonly sender: string
  readonly recipients: string
  readonly subject: string
  readonly attachments: string
  readonly body: string
}

export type AddedTexts = {
  readonly doc: number
  readonly texts: MessageTexts
  /** Documents of a volume, where the engine has such. */
  readonly perVolume: number
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

/** What the index knows of a document beside its texts. */
export type IndexedRow = {
  readonly doc: number
  readonly item: number
  readonly received: number
  /** 1: with attachments. */
  readonly attachment: number
  readonly importance: string
  readonly sent: number
  readonly size: number
}

/** Some of the documents that match. */
export type Stretch = {
  readonly rows: readonly IndexedRow[]
  /** Documents by the texts that they have. */
  readonly saying: ReadonlyMap<Expression, ReadonlySet<number>>
  /** Nothing newer than this document is still to come. */
  readonly settled: number
}

export type Asking = Pick<Asked, 'expression' | 'bounds'> & {
  /** What is to be told of each of them. */
  readonly texts: readonly Expression[]
}

export type Searching = { readonly effort: Effort; readonly goes: Goes }

/** The table of texts: each engine has a full-text index of its own. Equal documents and queries give equal items. */
export type Texts = {
  readonly schema: readonly string[]
  add(writer: Writer, key: AccountKey, adding: AddedTexts): Promise<void>
  remove(writer: Writer, key: AccountKey, doc: number): Promise<void>
  /** Documents of the account that match, newest first. */
  find(reader: Reader, key: AccountKey, asked: Asked & Searching): Promise<Found>
  /** The same in pieces, about from the newest on, with what is known of each. */
  stretches(reader: Reader, key: AccountKey, asking: Asking & Searching): AsyncGenerator<Stretch, void>
}

const ENGINES: Readonly<Record<Dialect, Texts>> = { sqlite: fts5Texts, postgresql: tsvectorTexts }

export const textsOf = ({ dialect }: Pick<Reader, 'dialect'>): Texts => ENGINES[dialect]
