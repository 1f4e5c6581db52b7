import { randomBytes, randomInt } from 'node:crypto'
import { openFileBlobs } from './open-file-blobs.ts'

// Stores blobs until it is killed. Says the name of every one that was confirmed.

const blobs = await openFileBlobs({ folder: process.argv[2]! })
const say = (line: string) => process.stdout.write(`${line}\n`)

const write = async (length: number) => {
  const writer = await blobs.writer('acme')
  for (let size = 0; size < length; size += 64 * 1024) await writer.write(randomBytes(64 * 1024))
  return writer.commit()
}

const storeOne = async () => {
  const { id } =
    randomInt(8) === 0
      ? await write(randomInt(2_000_000))
      : await blobs.put('acme', randomBytes(randomInt(1, 30_000)))
  say(id)
}

const storeOn = async (): Promise<never> => {
  for (;;) await storeOne()
}

say('ready')
await Promise.all(Array.from({ length: 16 }, storeOn))
