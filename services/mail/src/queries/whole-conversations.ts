import type { Reader } from '@relais/read-store'
import type { WindowEdge } from '@relais/sync-state'
import type { AccountKey } from './account.ts'

/** Messages below a filter that a device holds for their conversations: its list has room for some. */
export const MAX_BELOW = 128

/** Conversations of the window that are looked at, the newest. */
const MAX_CONVERSATIONS = 2000

const OLDER = `SELECT p.id FROM (
    SELECT DISTINCT conversation FROM (
      SELECT m.conversation FROM placements p
      JOIN messages m ON m.tenant = p.tenant AND m.account = p.account AND m.item = p.item
      WHERE p.tenant = ? AND p.account = ? AND p.collection = ? AND p.ended = 0 AND p.side = 0 AND (p.sort_key, p.id) >= (?, ?)
      ORDER BY p.sort_key DESC, p.id DESC LIMIT ?) AS recent) AS live
  JOIN messages m ON m.tenant = ? AND m.account = ? AND m.conversation = live.conversation AND m.mailbox = ?
  JOIN placements p ON p.tenant = m.tenant AND p.account = m.account AND p.id = m.placement
  WHERE p.ended = 0 AND p.side = 0 AND (p.sort_key, p.id) < (?, ?) ORDER BY p.sort_key DESC, p.id DESC LIMIT ?`

/** Mail of a mailbox below an edge whose conversation has one above it there, the newest first (MS-ASCMD ConversationMode). */
export const messagesOfLiveConversations = async (
  reader: Reader,
  { tenant, account }: AccountKey,
  { mailbox, edge }: { readonly mailbox: string; readonly edge: WindowEdge },
): Promise<number[]> => {
  const above = [tenant, account, mailbox, edge.sortKey, edge.placement, MAX_CONVERSATIONS]
  const below = [tenant, account, mailbox, edge.sortKey, edge.placement, MAX_BELOW]
  const rows = await reader.all<{ id: number }>(OLDER, ...above, ...below)
  return rows.map(({ id }) => id)
}
