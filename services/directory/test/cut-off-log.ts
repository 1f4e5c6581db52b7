import type { EventLog } from '@relais/event-log'

/** A log that fails after some appends and purges, like a process that is killed there. */
export const cutOffAfter = (log: EventLog, operations: number): { log: EventLog; isCut: () => boolean } => {
  let left = operations
  const guard = async <T>(operation: () => Promise<T>): Promise<T> => {
    if (left-- <= 0) throw new Error('cut off')
    return operation()
  }
  const cut: EventLog = {
    append: (commit) => guard(() => log.append(commit)),
    purge: (tenant, account) => guard(() => log.purge(tenant, account)),
    read: (...args) => log.read(...args),
    follow: (...args) => log.follow(...args),
    head: (filter) => log.head(filter),
    notices: (...args) => log.notices(...args),
    close: () => log.close(),
  }
  return { log: cut, isCut: () => left < 0 }
}
