import type { ReadModel } from '@relais/read-store'

/** A read model with the rows that a delivered message makes in a real one: four tables, three indexes, five statements. */
export const mailLike: ReadModel = {
  name: 'mail-like',
  accountsApart: true,
  version: 1,
  service: 'mail',
  schema: [
    `CREATE TABLE message (tenant TEXT NOT NULL, account TEXT NOT NULL, id INTEGER NOT NULL, subject TEXT NOT NULL, sender TEXT NOT NULL,
      received INTEGER NOT NULL, blob TEXT NOT NULL, size INTEGER NOT NULL, PRIMARY KEY (tenant, account, id)) WITHOUT ROWID`,
    `CREATE TABLE placement (tenant TEXT NOT NULL, collection TEXT NOT NULL, id INTEGER NOT NULL, item INTEGER NOT NULL, changed INTEGER NOT NULL,
      ended INTEGER, received INTEGER NOT NULL, PRIMARY KEY (tenant, collection, id)) WITHOUT ROWID`,
    'CREATE INDEX placement_changed ON placement (tenant, collection, changed, id)',
    'CREATE INDEX placement_received ON placement (tenant, collection, received, id)',
    `CREATE TABLE mailbox (tenant TEXT NOT NULL, id TEXT NOT NULL, total INTEGER NOT NULL, unread INTEGER NOT NULL, head INTEGER NOT NULL,
      PRIMARY KEY (tenant, id)) WITHOUT ROWID`,
    'CREATE TABLE quota (tenant TEXT NOT NULL, account TEXT NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY (tenant, account)) WITHOUT ROWID',
  ],
  async project(writer, { stream: { tenant, account }, position, collections, at }) {
    const mailbox = collections[0] ?? ''
    const quota = await writer.get<{ bytes: number }>(QUOTA, tenant, account)
    await writer.write(
      MESSAGE,
      tenant,
      account,
      position,
      `subject ${position}`,
      'someone@example.org',
      at,
      BLOB,
      SIZE,
    )
    await writer.write(PLACEMENT, tenant, mailbox, position, position, position, null, at)
    await writer.write(MAILBOX, tenant, mailbox, position)
    await writer.write(SET_QUOTA, tenant, account, (quota?.bytes ?? 0) + SIZE)
  },
}

const SIZE = 14_000
const BLOB = 'a'.repeat(64)
const MESSAGE = 'INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?)'
const PLACEMENT = 'INSERT INTO placement VALUES (?, ?, ?, ?, ?, ?, ?)'
const MAILBOX = `INSERT INTO mailbox VALUES (?, ?, 1, 1, ?)
  ON CONFLICT (tenant, id) DO UPDATE SET total = mailbox.total + 1, unread = mailbox.unread + 1, head = excluded.head`
const QUOTA = 'SELECT bytes FROM quota WHERE tenant = ? AND account = ?'
const SET_QUOTA =
  'INSERT INTO quota VALUES (?, ?, ?) ON CONFLICT (tenant, account) DO UPDATE SET bytes = excluded.bytes'

export const READ_MESSAGE = 'SELECT subject, sender FROM message WHERE tenant = ? AND account = ? AND id = ?'
