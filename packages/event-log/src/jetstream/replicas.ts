import { decodeCommit } from '../commit-record.ts'
import type { StoredCommit } from '../port.ts'
import { linksOf } from './link.ts'
import { LogApi } from './log-api.ts'
import { connectOne, type ServerOptions } from './servers.ts'
import { ALL_COMMITS } from './subjects.ts'

const BATCH = 1000
const BATCH_BYTES = 4 * 1024 * 1024
const REQUEST_MS = 5000

export type ReplicaOptions = ServerOptions & { readonly stream: string }

/**
 * What one server has of a log. A server answers direct reads of its own clients from its own replica, so it is asked over a
 * connection of its own: `servers` names that one.
 */
export async function* readReplica(options: ReplicaOptions): AsyncGenerator<readonly StoredCommit[]> {
  const connection = await connectOne(options)
  try {
    const api = await LogApi.of({
      connection,
      stream: options.stream,
      links: linksOf(connection),
      timeout: REQUEST_MS,
    })
    yield* replicaPages(api)
  } finally {
    await connection.close()
  }
}

async function* replicaPages(api: LogApi): AsyncGenerator<readonly StoredCommit[]> {
  for (let from = 1; ; ) {
    const { messages } = await api.batch({
      subject: ALL_COMMITS,
      from,
      count: BATCH,
      maxBytes: BATCH_BYTES,
    })
    const last = messages.at(-1)
    if (!last) return
    yield messages.map(({ position, record }) => decodeCommit(position, record))
    from = last.position + 1
  }
}
