import { randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

const SUFFIX = '.spool'

/** Keeps a message in a file while `use` reads it as often as it likes; the file is gone afterwards. */
export const spooled = async <T>(
  folder: string,
  message: AsyncIterable<Uint8Array>,
  use: (read: () => AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<T> => {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, `${randomUUID()}${SUFFIX}`)
  try {
    await pipeline(Readable.from(message), createWriteStream(file, { mode: 0o600 }))
    return await use(() => createReadStream(file))
  } finally {
    await rm(file, { force: true })
  }
}

/** Removes what a crash left: such a message was never acknowledged, so its sender has it. */
export const sweepSpool = async (folder: string): Promise<void> => {
  const names = await readdir(folder).catch(() => [])
  await Promise.all(
    names.filter((name) => name.endsWith(SUFFIX)).map((name) => rm(join(folder, name), { force: true })),
  )
}
