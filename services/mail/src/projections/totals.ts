import type { StoredCommit } from '@relais/event-log'
import type { Writer } from '@relais/read-store'
import { HIERARCHY } from '../events.ts'

type Count = { total: number; unseen: number }

/** What one commit adds to the counts of its account and mailboxes: written once, at its end. */
export class Totals {
  bytes = 0
  messages = 0
  nextMailbox = 1
  private readonly mailboxes = new Map<string, Count>()

  add(mailbox: string, count: Count) {
    const sum = this.mailboxes.get(mailbox) ?? { total: 0, unseen: 0 }
    sum.total += count.total
    sum.unseen += count.unseen
    this.mailboxes.set(mailbox, sum)
  }

  async write(writer: Writer, commit: StoredCommit): Promise<void> {
    const { tenant, account } = commit.stream
    const hierarchy = commit.collections.includes(HIERARCHY) ? commit.position : 0
    await writer.write(
      `INSERT INTO mail_accounts (tenant, account, head, hierarchy, used_bytes, messages, next_mailbox)
       VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, account) DO UPDATE SET head = excluded.head,
       hierarchy = CASE WHEN excluded.hierarchy > 0 THEN excluded.hierarchy ELSE mail_accounts.hierarchy END,
       used_bytes = mail_accounts.used_bytes + excluded.used_bytes, messages = mail_accounts.messages + excluded.messages,
       next_mailbox = CASE WHEN excluded.next_mailbox > mail_accounts.next_mailbox THEN excluded.next_mailbox
       ELSE mail_accounts.next_mailbox END`,
      ...[tenant, account, commit.position, hierarchy, this.bytes, this.messages, this.nextMailbox],
    )
    for (const [mailbox, { total, unseen }] of this.mailboxes) {
      if (total === 0 && unseen === 0) continue
      await writer.write(
        `UPDATE mail_mailboxes SET total = total + ?, unseen = unseen + ?
         WHERE tenant = ? AND account = ? AND mailbox = ?`,
        ...[total, unseen, tenant, account, mailbox],
      )
    }
  }
}
