import type { StoredCommit } from '@relais/event-log'
import type { Gathered, Sum, Writer } from '@relais/read-store'
import { Heads } from '@relais/sync-state'
import { HIERARCHY } from '../events.ts'

type Count = { total: number; unseen: number }

/** What the commits of a transaction add to the counts and heads of one account and its mailboxes: written once, at its end. */
export class Totals implements Sum {
  bytes = 0
  messages = 0
  nextMailbox = 1
  readonly #stream: StoredCommit['stream']
  readonly #mailboxes = new Map<string, Count>()
  readonly #heads = new Heads()
  #head = 0
  #hierarchy = 0

  constructor(stream: StoredCommit['stream']) {
    this.#stream = stream
  }

  add(mailbox: string, { total, unseen }: Count): void {
    const sum = this.#mailboxes.get(mailbox)
    if (sum) {
      sum.total += total
      sum.unseen += unseen
    } else this.#mailboxes.set(mailbox, { total, unseen })
  }

  /** The rows of this commit are there. */
  advance(commit: StoredCommit): void {
    this.#head = commit.position
    if (commit.collections.includes(HIERARCHY)) this.#hierarchy = commit.position
    this.#heads.advance(commit)
  }

  async write(writer: Writer): Promise<void> {
    const { tenant, account } = this.#stream
    await writer.write(
      `INSERT INTO mail_accounts (tenant, account, head, hierarchy, used_bytes, messages, next_mailbox)
       VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, account) DO UPDATE SET head = excluded.head,
       hierarchy = CASE WHEN excluded.hierarchy > 0 THEN excluded.hierarchy ELSE mail_accounts.hierarchy END,
       used_bytes = mail_accounts.used_bytes + excluded.used_bytes, messages = mail_accounts.messages + excluded.messages,
       next_mailbox = CASE WHEN excluded.next_mailbox > mail_accounts.next_mailbox THEN excluded.next_mailbox
       ELSE mail_accounts.next_mailbox END`,
      ...[tenant, account, this.#head, this.#hierarchy, this.bytes, this.messages, this.nextMailbox],
    )
    await this.#writeCounts(writer)
    await this.#heads.write(writer, this.#stream)
  }

  async #writeCounts(writer: Writer): Promise<void> {
    const { tenant, account } = this.#stream
    for (const [mailbox, { total, unseen }] of this.#mailboxes) {
      if (total === 0 && unseen === 0) continue
      await writer.write(
        `UPDATE mail_mailboxes SET total = total + ?, unseen = unseen + ?
         WHERE tenant = ? AND account = ? AND mailbox = ?`,
        ...[total, unseen, tenant, account, mailbox],
      )
    }
  }
}

const keyOf = ({ tenant, account }: StoredCommit['stream']) => `${tenant}\0${account}`

export const totalsOf = ({ stream }: StoredCommit, gathered: Gathered): Totals =>
  gathered.of(keyOf(stream), () => new Totals(stream))

/** Writes what was added up so far: the account's rows are about to be taken away. */
export const settleTotals = ({ stream }: StoredCommit, gathered: Gathered): Promise<void> =>
  gathered.settle(keyOf(stream))
