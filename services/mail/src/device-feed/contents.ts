import type { ContentOptions, Message } from '@relais/proto/mail/v1/mail.ts'
import { Message as MessageCodec } from '@relais/proto/mail/v1/mail.ts'
import type { Reader } from '@relais/read-store'
import type { Operation } from '@relais/sync-state'
import type { BodyRoom } from '../api/body-room.ts'
import type { Handling } from '../api/context.ts'
import { renderMessages } from '../api/render.ts'
import type { AccountKey } from '../queries/account.ts'
import { storedMessage } from '../queries/message.ts'
import { isTextMessage, type MessageRow, messageRows, messageSizes } from '../queries/messages.ts'
import { type AnswerRoom, FEW } from './answer-room.ts'
import type { MailCommand } from './commands.ts'

/** Rows of the messages that an answer brings, read with it; bodies come from blobs afterwards, which never change. */
export type Contents = {
  /** With bodies: added ones, fetched ones, and those whose content changed. */
  readonly whole: readonly MessageRow[]
  /** Placements whose bodies aren't cut. */
  readonly uncut: ReadonlySet<number>
  /** Without: those with other changes. */
  readonly changed: readonly MessageRow[]
  /** Placements that were to be fetched, and that there is no room for in this answer. */
  readonly later: ReadonlySet<number>
}

type Wanted = {
  readonly mailbox: string
  readonly operations: readonly Operation[]
  readonly commands: readonly MailCommand[]
  /** Of this snapshot. */
  readonly room: AnswerRoom
}

const bytesOf = ({ content }: MessageRow): number => content.length

/** Rows of the messages that are told of. Errors: AnswerTooLarge, before they are read where they are many. */
const toldRows = async (
  reader: Reader,
  key: AccountKey,
  { placements, room }: { readonly placements: readonly number[]; readonly room: AnswerRoom },
): Promise<readonly MessageRow[]> => {
  if (placements.length > FEW) {
    room.take((await messageSizes(reader, key, placements)).map(({ bytes }) => bytes))
    return messageRows(reader, key, placements)
  }
  const rows = await messageRows(reader, key, placements)
  room.take(rows.map(bytesOf))
  return rows
}

/** Those of the fetched ones that there is room for; the others. */
const fetchedNow = async (
  reader: Reader,
  key: AccountKey,
  { placements, room }: { readonly placements: readonly number[]; readonly room: AnswerRoom },
): Promise<{ readonly now: readonly number[]; readonly later: readonly number[] }> => {
  if (placements.length <= FEW) return { now: placements, later: [] }
  const sizes = await messageSizes(reader, key, placements)
  const count = room.fetched(sizes.map(({ bytes }) => bytes))
  const there = sizes.map(({ placement }) => placement)
  return { now: there.slice(0, count), later: there.slice(count) }
}

export const readContents = async (
  reader: Reader,
  key: AccountKey,
  { mailbox, operations, commands, room }: Wanted,
): Promise<Contents> => {
  const added = operations.filter(isWhole).map(({ placement }) => placement)
  const changed = operations
    .filter((operation) => operation.kind === 'change' && !isWhole(operation))
    .map(({ placement }) => placement)
  const fetches = commands.filter((command) => command.kind === 'fetch')
  const fetched = [...new Set(fetches.map(({ placement }) => placement))]
  const wholeRows = await toldRows(reader, key, { placements: added, room })
  const changedRows = await toldRows(reader, key, { placements: changed, room })
  const { now, later } = await fetchedNow(reader, key, { placements: fetched, room })
  const found = await messageRows(reader, key, now)
  const here = found.filter((row) => row.mailbox === mailbox)
  const told = new Set(added)
  return {
    whole: [...wholeRows, ...here.filter(({ placement }) => !told.has(placement))],
    uncut: new Set(fetches.filter((one) => one.isWhole).map(({ placement }) => placement)),
    changed: changedRows,
    later: new Set(later),
  }
}

/** Of which everything is told. */
export const isWhole = ({ kind, groups }: Operation): boolean =>
  kind === 'add' || (kind === 'change' && groups.includes('content'))

export type Rendered = {
  readonly whole: ReadonlyMap<number, Message>
  readonly changed: ReadonlyMap<number, Message>
}

type RenderDeps = Pick<Handling, 'blobs' | 'logger'>

/** How the bodies of a mailbox's mail and text messages are wanted, and what room there is for them in the answer. */
export type WantedBodies = {
  readonly options: ContentOptions | undefined
  readonly textOptions: ContentOptions | undefined
  readonly room: BodyRoom
}

const withoutCut = (options: ContentOptions | undefined): ContentOptions | undefined =>
  options && { ...options, bodies: options.bodies.map((body) => ({ ...body, truncation: undefined })) }

export const renderContents = async (
  deps: RenderDeps,
  tenant: string,
  contents: Contents,
  { options, textOptions, room }: WantedBodies,
): Promise<Rendered> => {
  const render = (rows: readonly MessageRow[], wanted?: ContentOptions) =>
    renderMessages(deps, tenant, { messages: rows.map(storedMessage), options: wanted, room })
  const whole: Message[] = []
  for (const [wanted, rows] of Map.groupBy(contents.whole, wayOf(contents))) {
    const { isText, isUncut } = WAYS[wanted]
    const given = isText ? textOptions : options
    whole.push(...(await render(rows, isUncut ? withoutCut(given) : given)))
  }
  return { whole: byPlacement(whole), changed: byPlacement(await render(contents.changed)) }
}

const WAYS = {
  mail: { isText: false, isUncut: false },
  'whole mail': { isText: false, isUncut: true },
  text: { isText: true, isUncut: false },
  'whole text': { isText: true, isUncut: true },
} as const

const wayOf =
  ({ uncut }: Contents) =>
  (row: MessageRow): keyof typeof WAYS => {
    const what = isTextMessage(row) ? 'text' : 'mail'
    return uncut.has(row.placement) ? `whole ${what}` : what
  }

const byPlacement = (messages: readonly Message[]) =>
  new Map(messages.map((message) => [message.placement, message]))

/** An item whose message can't be found is a stub: it is never skipped, so that the sets stay true (stub). */
export const missingMessage = ({ placement, row }: Operation): Message =>
  MessageCodec.fromPartial({
    placement,
    item: row?.item ?? 0,
    mailbox: row?.collection ?? '',
    receivedAt: (row?.sortKey ?? 0) * 1000,
    defect: 'the message is missing',
  })
