import type {
  Move,
  MoveMessagesRequest,
  MoveMessagesResponse,
  MoveResult,
} from '@relais/proto/mail/v1/mail.ts'
import type { Reader } from '@relais/read-store'
import { deriveCommandId, type PlacementRow, placementsById, type Scope } from '@relais/sync-state'
import { openAccount } from '../api/account-call.ts'
import { invalid, requireId, requirePlacements } from '../api/arguments.ts'
import type { HandlerCall, Handling } from '../api/context.ts'
import { MAIL_SERVICE } from '../events.ts'
import type { AccountKey } from '../queries/account.ts'
import { hasMailbox } from '../queries/mailboxes.ts'
import { asDevice } from './feed-request.ts'

/** MS-ASCMD 2.2.3.115: a client moves at most 1,000 in one request. */
const MAX_MOVES = 1000

type Moving = {
  readonly key: AccountKey
  readonly call: HandlerCall
  readonly device: string
  readonly moves: readonly Move[]
}

/**
 * Moves messages, each in a commit of its own under an id that its device, source and target give it: a repeat, also after a restart,
 * finds what the first one made and answers the same.
 */
export const moveMessages =
  (handling: Handling) =>
  async (request: MoveMessagesRequest, call: HandlerCall): Promise<MoveMessagesResponse> => {
    const moves = readMoves(request)
    const key = await openAccount(handling, { tenant: request.tenant, account: request.account }, call)
    const device = request.device || call.identity.actor.device
    const moving = { key, call, device, moves }
    await catchUp(handling, moving)
    const found = await decide(handling, moving)
    await handling.projector.waitFor(await append(handling, moving, found), call.deadline)
    return handling.projector.store.snapshot(async (reader, position) => ({
      results: await settle(reader, moving, found),
      position,
    }))
  }

const readMoves = ({ moves, device }: MoveMessagesRequest): readonly Move[] => {
  if (moves.length > MAX_MOVES) throw invalid('too many messages in one call')
  if (device !== '') requireId(device, 'device')
  for (const { placement, from, to } of moves) {
    requirePlacements([placement])
    requireId(from, 'mailbox')
    requireId(to, 'mailbox')
  }
  return moves
}

/** Rows decide whether a move is a repeat: those of every move before must be there. */
const catchUp = async ({ log, projector }: Handling, { key, call }: Moving) =>
  projector.waitFor(await log.head({ ...key, service: MAIL_SERVICE }), call.deadline)

const commandIdOf = ({ device }: Moving, { placement, from, to }: Move): string =>
  deriveCommandId('move', device, placement, from, to)

const scopeOf = ({ key }: Moving): Scope => ({ ...key, collections: [] })

const rowsOf = (reader: Reader, moving: Moving) =>
  placementsById(
    reader,
    scopeOf(moving),
    moving.moves.map(({ placement }) => placement),
  )

type Finding = MoveResult['outcome'] | 'to_move'

const decide = ({ projector }: Handling, moving: Moving): Promise<Finding[]> =>
  projector.store.snapshot(async (reader) => {
    const rows = await rowsOf(reader, moving)
    const targets = new Map<string, boolean>()
    for (const { to } of moving.moves)
      if (!targets.has(to)) targets.set(to, await hasMailbox(reader, moving.key, to))
    return moving.moves.map((move) => findingOf(moving, move, { row: rows.get(move.placement), targets }))
  })

type Found = { readonly row: PlacementRow | undefined; readonly targets: ReadonlyMap<string, boolean> }

const findingOf = (moving: Moving, move: Move, { row, targets }: Found): Finding => {
  if (move.from === move.to) return 'same_mailbox'
  if (row === undefined || row.collection !== move.from) return 'no_source'
  if (row.ended > 0) return row.endedCommand === commandIdOf(moving, move) ? 'moved' : 'no_source'
  return targets.get(move.to) ? 'to_move' : 'no_destination'
}

/** Answers with the last position. All are on their way at once: they commute, and the log writes them in groups. */
const append = async (
  { streams }: Handling,
  moving: Moving,
  findings: readonly Finding[],
): Promise<number> => {
  const call = asDevice(moving.call, moving.device)
  const positions = moving.moves.map(async (move, index) => {
    if (findings[index] !== 'to_move') return 0
    const { placement, from, to } = move
    const command = { ...moving.key, call, commandId: commandIdOf(moving, move) }
    const event = { type: 'MessagesMoved' as const, payload: { placements: [placement], from, to } }
    return (await streams.append(command, [event])).position
  })
  return Math.max(0, ...(await Promise.all(positions)))
}

/** Where somebody else's command came first, the row says so: the source was gone. */
const settle = async (
  reader: Reader,
  moving: Moving,
  findings: readonly Finding[],
): Promise<MoveResult[]> => {
  const rows = await rowsOf(reader, moving)
  return moving.moves.map((move, index) => {
    const outcome = findings[index]!
    if (outcome !== 'moved' && outcome !== 'to_move') return { outcome, placement: 0 }
    const row = rows.get(move.placement)
    return row?.endedCommand === commandIdOf(moving, move) && row.movedTo > 0
      ? { outcome: 'moved', placement: row.movedTo }
      : { outcome: 'no_source', placement: 0 }
  })
}
