import { closeSync, openSync, readSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { NatsServer } from '@relais/servers/nats.ts'

/** Where a server keeps a stream of the default account. */
const folderOf = ({ store }: NatsServer, stream: string): string =>
  join(store, 'jetstream', '$G', 'streams', stream)

const blockOf = (server: NatsServer, stream: string): string =>
  join(folderOf(server, stream), 'msgs', '1.blk')

/** Turns one bit in the middle of a replica's first file. */
export const flipBit = (server: NatsServer, stream: string) => {
  const file = openSync(blockOf(server, stream), 'r+')
  const middle = Math.floor(statSync(blockOf(server, stream)).size / 2)
  const byte = Buffer.alloc(1)
  readSync(file, byte, 0, 1, middle)
  byte.writeUInt8(byte.readUInt8() ^ 1)
  writeSync(file, byte, 0, 1, middle)
  closeSync(file)
}

/** Cuts a replica's first file to half; the server must not run. */
export const cutFile = (server: NatsServer, stream: string) => {
  const block = blockOf(server, stream)
  truncateSync(block, Math.floor(statSync(block).size / 2))
  rmSync(join(folderOf(server, stream), 'msgs', 'index.db'), { force: true })
}

/** Takes a replica of one stream away; the server must not run. */
export const removeReplica = (server: NatsServer, stream: string) =>
  rmSync(folderOf(server, stream), { recursive: true, force: true })

type Jsz = {
  readonly account_details?: readonly {
    readonly stream_detail?: readonly {
      readonly name: string
      readonly state: { readonly messages: number; readonly last_seq: number }
    }[]
  }[]
}

/** What a server says of its own replica. */
export const keptBy = async ({ monitor }: NatsServer, stream: string) => {
  const response = await fetch(`${monitor}/jsz?accounts=true&streams=true`)
  const { account_details: accounts = [] } = (await response.json()) as Jsz
  const details = accounts.flatMap(({ stream_detail: streams = [] }) => streams)
  const { messages, last_seq } = details.find(({ name }) => name === stream)?.state ?? {}
  return { messages, last_seq }
}

const KEPT_MS = 60_000

/** Waits until a server has so many messages: a leader may take a replica for current that has just come back with less. */
export const untilKept = async (server: NatsServer, stream: string, count: number): Promise<void> => {
  for (const deadline = performance.now() + KEPT_MS; ; await sleep(100)) {
    const kept = await keptBy(server, stream)
    if (kept.messages === count && kept.last_seq === count) return
    if (performance.now() > deadline)
      throw new Error(`${kept.messages} messages up to ${kept.last_seq} instead of ${count} after a minute`)
  }
}
