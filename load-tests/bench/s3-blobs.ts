import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BlobStore } from '@relais/blob-store'
import { openS3Blobs } from '@relais/blob-store/s3/open-s3-blobs.ts'
import { type S3Server, startS3 } from '@relais/servers/s3.ts'
import { type Figure, median } from './figure.ts'

const ROUNDS = 3
const BLOBS = 2000
const BLOB_BYTES = 14 * 1024
const IN_FLIGHT = 16
const LARGE_BYTES = 50 * 1024 * 1024
const CHUNK = randomBytes(64 * 1024)

const openStore = ({ endpoint, region, bucket, credentials }: S3Server, prefix: string) =>
  openS3Blobs({ endpoint, region, bucket, credentials, prefix })

/** Does something with each, so many at a time; returns how many a second. */
const rateOf = async <T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<number> => {
  const started = performance.now()
  let next = 0
  const worker = async () => {
    while (next < items.length) {
      const item = items[next]!
      next += 1
      await work(item)
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  return (items.length / (performance.now() - started)) * 1000
}

const getOneByOne = async (blobs: BlobStore, ids: readonly string[]): Promise<number> => {
  const started = performance.now()
  for (const id of ids) await blobs.get('t_1', id)
  return (performance.now() - started) / ids.length
}

/** MiB/s of writing 50 MiB, which go in parts and are copied, and of reading them. */
const streamLarge = async (blobs: BlobStore) => {
  const started = performance.now()
  const writer = await blobs.writer('t_1')
  for (let size = 0; size < LARGE_BYTES; size += CHUNK.length) await writer.write(CHUNK)
  const { id } = await writer.commit()
  const written = performance.now()
  let size = 0
  for await (const chunk of blobs.stream('t_1', id)) size += chunk.length
  const mib = size / 1024 / 1024
  return {
    write: (mib / (written - started)) * 1000,
    read: (mib / (performance.now() - written)) * 1000,
  }
}

const measureRound = async (server: S3Server, round: number) => {
  const blobs = openStore(server, `round-${round}/`)
  try {
    const contents = Array.from({ length: BLOBS }, () => randomBytes(BLOB_BYTES))
    const ids: string[] = []
    const puts = await rateOf(contents, async (bytes) => ids.push((await blobs.put('t_1', bytes)).id))
    const gets = await rateOf(ids, (id) => blobs.get('t_1', id))
    const get = await getOneByOne(blobs, ids.slice(0, 500))
    return { puts, gets, get, ...(await streamLarge(blobs)) }
  } finally {
    await blobs.close()
  }
}

type Round = Awaited<ReturnType<typeof measureRound>>

/** Blobs on a real S3 server (versitygw over a folder, on the same cores): medians of three rounds. */
export const benchS3Blobs = async (): Promise<Figure[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-bench-'))
  const server = await startS3({ folder })
  try {
    const rounds: Round[] = []
    for (let round = 0; round < ROUNDS; round += 1) rounds.push(await measureRound(server, round))
    const of = (pick: (round: Round) => number) => Math.round(median(rounds.map(pick)) * 100) / 100
    return [
      {
        name: `blobs on S3: puts of 14 KiB, ${IN_FLIGHT} in flight`,
        value: of(({ puts }) => puts),
        unit: '/s',
      },
      {
        name: `blobs on S3: gets of 14 KiB, ${IN_FLIGHT} in flight, verified`,
        value: of(({ gets }) => gets),
        unit: '/s',
      },
      { name: 'blobs on S3: get of 14 KiB, one by one', value: of(({ get }) => get), unit: 'ms' },
      { name: 'blobs on S3: writing 50 MiB', value: of(({ write }) => write), unit: 'MiB/s' },
      { name: 'blobs on S3: reading 50 MiB, verified', value: of(({ read }) => read), unit: 'MiB/s' },
    ]
  } finally {
    await server.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}
