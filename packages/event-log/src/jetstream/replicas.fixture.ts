import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { decodeCommit } from '../commit-record.ts'
import type { StoredCommit } from '../port.ts'
import { linksOf } from './link.ts'
import { LogApi } from './log-api.ts'

const AT_ONCE = 32
const LEADS_MS = 30_000
const READ_MS = 60_000

export type ReplicaOptions = {
  readonly servers: readonly string[]
  readonly stream: string
  /** The server whose replica is read. */
  readonly server: string
}

/**
 * What one server has of a log. Only the leader answers from its own replica, and nobody else: so the server is made
 * the leader, and asked for each position.
 */
export const readReplica = async (options: ReplicaOptions): Promise<StoredCommit[]> => {
  for (const deadline = performance.now() + READ_MS; ; await sleep(100)) {
    try {
      return await readOnce(options)
    } catch (error) {
      // A slow machine elects another in the middle of it.
      if (performance.now() > deadline) throw error
    }
  }
}

const readOnce = async ({ servers, stream, server }: ReplicaOptions): Promise<StoredCommit[]> => {
  const connection = await connect({ servers: [...servers] })
  try {
    const api = await LogApi.of({ connection, stream, links: linksOf(connection), timeout: 5000 })
    await lead(connection, api, server)
    const { state } = await api.info()
    const commits = await everyPosition(api, state.last_seq)
    if ((await leaderOf(api)) !== server) throw new Error(`${server} doesn't lead any more`)
    return commits
  } finally {
    await connection.close()
  }
}

const leaderOf = async (api: LogApi) => (await api.info()).cluster?.leader

const lead = async (connection: NatsConnection, api: LogApi, server: string): Promise<void> => {
  const stepDown = () =>
    connection.request(
      `$JS.API.STREAM.LEADER.STEPDOWN.${api.stream}`,
      JSON.stringify({ placement: { preferred: server } }),
      { timeout: 5000 },
    )
  for (const since = performance.now(); ; await sleep(100)) {
    const leader = await leaderOf(api).catch(() => undefined)
    if (leader === server) return
    if (performance.now() - since > LEADS_MS) throw new Error(`${server} doesn't come to lead`)
    if (leader) await stepDown().catch(() => undefined) // tried again
  }
}

const everyPosition = async (api: LogApi, last: number): Promise<StoredCommit[]> => {
  const commits: StoredCommit[] = []
  let asked = 0
  const worker = async () => {
    while (asked < last) {
      const position = ++asked
      const message = await api.leaderAt(position)
      if (message) commits.push(decodeCommit(position, message.record))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return commits.sort((a, b) => a.position - b.position)
}
