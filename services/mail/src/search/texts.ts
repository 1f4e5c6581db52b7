import type { Dialect, Reader, SqlValue, Writer } from '@relais/read-store'
import type { AccountKey } from '../queries/account.ts'
import { fts5Texts } from './fts5-texts.ts'
import type { SearchQuery } from './query.ts'
import { tsvectorTexts } from './tsvector-texts.ts'

/** The texts of a message by what a query can name; `attachments` and `body` only by themselves. */
export type MessageTexts = {
  readonly sender: string
  readonly recipients: string
  readonly subject: string
  readonly attachments: string
  readonly body: string
}

/** Bounds of what is found: received after and before, and whether with attachments only; in this order. */
export type Bounds = readonly [after: SqlValue, before: SqlValue, withAttachment: SqlValue]

export type Asked = { readonly query: SearchQuery; readonly bounds: Bounds; readonly limit: number }

export type Match = { readonly item: number; readonly mailbox: string; readonly received: number }

/** The table of texts: each engine has a full-text index of its own. Equal documents and queries give equal items. */
export type Texts = {
  readonly schema: readonly string[]
  add(writer: Writer, key: AccountKey, item: number, texts: MessageTexts): Promise<void>
  remove(writer: Writer, item: number): Promise<void>
  /** Documents of the account that match, of the newest `limit` arrivals that do. */
  matches(reader: Reader, key: AccountKey, asked: Asked): Promise<Match[]>
}

const ENGINES: Readonly<Record<Dialect, Texts>> = { sqlite: fts5Texts, postgresql: tsvectorTexts }

export const textsOf = ({ dialect }: Pick<Reader, 'dialect'>): Texts => ENGINES[dialect]
