import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BlobStore, openFileBlobs } from '@relais/blob-store'
import { type Figure, median } from './figure.ts'

const ROUNDS = 3
const BLOBS = 4000
const BLOB_BYTES = 14 * 1024
const IN_FLIGHT = 16
const LARGE_BYTES = 50 * 1024 * 1024
const CHUNK = randomBytes(64 * 1024)

const putAll = async (blobs: BlobStore, contents: readonly Uint8Array[]) => {
  const ids: string[] = []
  const started = performance.now()
  let next = 0
  const worker = async () => {
    while (next < contents.length) {
      const content = contents[next]!
      next += 1
      ids.push((await blobs.put('t_1', content)).id)
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  return { ids, rate: (contents.length / (performance.now() - started)) * 1000 }
}

const getAll = async (blobs: BlobStore, ids: readonly string[]): Promise<number> => {
  const started = performance.now()
  for (const id of ids) await blobs.get('t_1', id)
  return ((performance.now() - started) / ids.length) * 1000
}

/** Writes and reads back 50 MiB; returns MiB/s of each and by how much memory grew at most, in MiB. */
const streamLarge = async (blobs: BlobStore) => {
  const before = process.memoryUsage().rss
  let most = 0
  const look = () => {
    most = Math.max(most, process.memoryUsage().rss - before)
  }
  const started = performance.now()
  const writer = await blobs.writer('t_1')
  for (let size = 0; size < LARGE_BYTES; size += CHUNK.length) {
    await writer.write(CHUNK)
    look()
  }
  const { id } = await writer.commit()
  const written = performance.now()
  for await (const _ of blobs.stream('t_1', id)) look()
  const mib = LARGE_BYTES / 1024 / 1024
  return {
    write: (mib / (written - started)) * 1000,
    read: (mib / (performance.now() - written)) * 1000,
    growth: most / 1024 / 1024,
  }
}

const measureRound = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-bench-'))
  try {
    const blobs = await openFileBlobs({ folder })
    const contents = Array.from({ length: BLOBS }, () => randomBytes(BLOB_BYTES))
    const { ids, rate } = await putAll(blobs, contents)
    const get = await getAll(blobs, ids)
    const large = await streamLarge(blobs)
    await blobs.close()
    return { rate, get, ...large }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

type Round = Awaited<ReturnType<typeof measureRound>>

const rounded = (value: number) => Math.round(value * 10) / 10

/** The file system's blob store by itself, in the system's temporary folder: medians of three rounds. */
export const benchBlobStore = async (): Promise<Figure[]> => {
  const rounds: Round[] = []
  for (let round = 0; round < ROUNDS; round += 1) rounds.push(await measureRound())
  const of = (pick: (round: Round) => number) => rounded(median(rounds.map(pick)))
  return [
    {
      name: `blob store: puts of 14 KiB, ${IN_FLIGHT} in flight, durable`,
      value: of(({ rate }) => rate),
      unit: '/s',
      atLeast: 2000,
    },
    { name: 'blob store: get of 14 KiB, verified', value: of(({ get }) => get), unit: 'µs', atMost: 60 },
    { name: 'blob store: writing 50 MiB', value: of(({ write }) => write), unit: 'MiB/s' },
    { name: 'blob store: reading 50 MiB, verified', value: of(({ read }) => read), unit: 'MiB/s' },
    {
      name: 'blob store: memory grows meanwhile by at most',
      value: of(({ growth }) => growth),
      unit: 'MiB',
      atMost: 32,
    },
  ]
}
