import type { MailClient, Move, MoveResult } from '@relais/proto/mail/v1/mail.ts'
import type { CallExtras } from '@relais/service-kit'
import { placementOf, serverIdOf } from '../classes/server-id.ts'
import { ValueError } from '../wbxml/errors.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'
import { childrenNamed, requiredText } from '../wbxml/read.ts'
import { answer, type Command, type CommandAnswer, type CommandContext } from './command.ts'
import { StatusError } from './status-error.ts'

export type MoveItemsDeps = { readonly mail: MailClient<CallExtras> }

/** MS-ASCMD 2.2.3.177.10: success is 3. */
const MOVE_STATUS = { noSource: 1, noDestination: 2, moved: 3, same: 4, failed: 5 } as const
const MAX_MOVES = 1000
const INVALID_XML = 103

type AskedMove = { readonly serverId: string; readonly move: Move | undefined }

const askedMoves = ({ body }: CommandContext): readonly AskedMove[] => {
  const moves = body === undefined ? [] : childrenNamed(body, 'move:Move')
  if (moves.length === 0) throw new ValueError('move:MoveItems', 'moves nothing')
  if (moves.length > MAX_MOVES) throw new StatusError(INVALID_XML, `more than ${MAX_MOVES} moves`)
  return moves.map(askedMove)
}

const askedMove = (node: WbxmlNode): AskedMove => {
  const serverId = requiredText(node, 'move:SrcMsgId', { max: 64 })
  const from = requiredText(node, 'move:SrcFldId', { max: 64 })
  const to = requiredText(node, 'move:DstFldId', { max: 64 })
  const placement = placementOf(serverId)
  return { serverId, move: placement === undefined ? undefined : { placement, from, to } }
}

const statuses: Readonly<Record<string, number>> = {
  moved: MOVE_STATUS.moved,
  no_source: MOVE_STATUS.noSource,
  no_destination: MOVE_STATUS.noDestination,
  same_mailbox: MOVE_STATUS.same,
}

const responseElement = (serverId: string, result: MoveResult | undefined): WbxmlNode => {
  const status =
    result === undefined ? MOVE_STATUS.noSource : (statuses[result.outcome] ?? MOVE_STATUS.failed)
  return el('move:Response', [
    el('move:SrcMsgId', serverId),
    el('move:Status', status),
    status === MOVE_STATUS.moved && result !== undefined && el('move:DstMsgId', serverIdOf(result.placement)),
  ])
}

const run = async ({ mail }: MoveItemsDeps, context: CommandContext): Promise<CommandAnswer> => {
  const { user, device, call } = context
  const asked = askedMoves(context)
  const moves = asked.flatMap(({ move }) => move ?? [])
  const { tenant, account } = user
  const { results } =
    moves.length === 0
      ? { results: [] }
      : await mail.moveMessages({ tenant, account, device: device.device, moves }, call)
  const byMove = new Map(moves.map((move, n) => [move, results[n]]))
  const responses = asked.map(({ serverId, move }) => responseElement(serverId, move && byMove.get(move)))
  return answer(el('move:MoveItems', responses))
}

/** MoveItems (MS-ASCMD 2.2.1.12): a message gets a new ServerId where it goes; a repeated move answers the same one. */
export const createMoveItems = (deps: MoveItemsDeps): Command => ({
  name: 'MoveItems',
  body: 'small',
  emptyBody: false,
  run: (context) => run(deps, context),
})
