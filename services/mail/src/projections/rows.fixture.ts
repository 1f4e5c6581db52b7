import { join } from 'node:path'
import { openSqliteLog } from '@relais/event-log/sqlite/sqlite-log.ts'
import { openTestRows, type TestScope, temporaryFolder } from '@relais/testing'
import { touchedCollections } from '../commands/touched.ts'
import { type MailEvent, mailEvents } from '../events.ts'
import { ROLES } from '../mailbox/roles.ts'
import { mailRows } from './mail-rows.ts'

export const KEY = { tenant: 'acme', account: 'u_1' }

export type CommitOptions = {
  readonly account?: string
  readonly device?: string
  readonly syncKey?: string
  readonly at?: number
}

/** Rows that are made of the events that a test appends, without the service. */
export const openRows = async (scope: TestScope) => {
  let close = async () => {}
  scope.after(() => close())
  const folder = await temporaryFolder(scope)
  const log = await openSqliteLog({ file: join(folder, 'log.sqlite') })
  const projector = await openTestRows(folder).openProjector(log, mailRows)
  close = async () => {
    await projector.stop()
    await log.close()
  }
  let n = 0
  const commit = async (events: readonly MailEvent[], options: CommitOptions = {}): Promise<number> => {
    const { account = KEY.account, device = '', syncKey, at = 1000 } = options
    const { position } = await log.append({
      stream: { tenant: KEY.tenant, account, service: 'mail' },
      events: events.map((event) => mailEvents.encode(event.type, event.payload as never)),
      actor: { kind: 'account', id: account, device },
      collections: touchedCollections(events, ['inbox']),
      ...{ commandId: `c${n++}`, principal: account, at, syncKey },
    })
    await projector.waitFor(position, Date.now() + 60_000)
    return position
  }
  const defaults = ROLES.map(
    (role): MailEvent => ({
      type: 'MailboxCreated',
      payload: { mailbox: role, role, name: role, parent: '' },
    }),
  )
  await commit(defaults)
  return { log, projector, commit, store: projector.store, folder }
}
