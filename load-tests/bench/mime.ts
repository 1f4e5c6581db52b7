import { renderBody } from '@relais/mail/mime/render-body.ts'
import { searchTextOf } from '@relais/mail/mime/search-text.ts'
import { parseStructure } from '@relais/mail/mime/structure-parser.ts'
import { createMimeWorkers, type MimeWorkersOptions } from '@relais/mail/mime/workers/pool.ts'
import { type Figure, median } from './figure.ts'
import { letter, letterWithAttachment, mailbox } from './mime-messages.ts'

const ROUNDS = 5
const LARGE_BYTES = 40 * 1024 * 1024
const CHUNK_BYTES = 64 * 1024

/** Milliseconds of processor time that a round takes in all threads, the median of several; the first ones warm the engine. */
const timed = async (round: () => unknown): Promise<number> => {
  for (let warm = 0; warm < 3; warm++) await round()
  const times: number[] = []
  for (let count = 0; count < ROUNDS; count++) {
    const before = process.cpuUsage()
    await round()
    const { user, system } = process.cpuUsage(before)
    times.push((user + system) / 1000)
  }
  return median(times)
}

const parsing = async (): Promise<Figure[]> => {
  const letters = mailbox(600)
  const bytes = letters.reduce((sum, { length }) => sum + length, 0)
  const ms = await timed(() => {
    for (const message of letters) parseStructure(message)
  })
  return [
    {
      name: 'MIME: parse, median 14 KB',
      value: (letters.length / ms) * 1000,
      unit: 'messages/s of a core',
      atLeast: 2000,
    },
    { name: 'MIME: parse, median 14 KB', value: bytes / 1000 / ms, unit: 'MB/s' },
  ]
}

const parsingLarge = async (): Promise<Figure[]> => {
  const figures: Figure[] = []
  for (const encoding of ['base64', 'quoted-printable', '7bit'] as const) {
    const message = letterWithAttachment(LARGE_BYTES, encoding)
    const ms = await timed(() => parseStructure(message))
    figures.push({
      name: `MIME: parse, 40 MB of ${encoding}`,
      value: message.length / 1000 / ms,
      unit: 'MB/s',
    })
  }
  return figures
}

const rendering = async (): Promise<Figure[]> => {
  const letters = mailbox(300).map((message) => ({
    ...parseStructure(message),
    read: (start: number, end: number) => message.subarray(start, end),
  }))
  const render = (type: string) => async () => {
    const bodies = [{ type, truncation: 32 * 1024, allOrNone: false, preview: 255 }]
    const options = { bodies, mimeSupport: 2, withBody: true, streamMime: false }
    for (const message of letters) await renderBody({ ...message, options })
  }
  const index = async () => {
    for (const message of letters) await searchTextOf(message)
  }
  const each = async (round: () => Promise<void>) => ((await timed(round)) / letters.length) * 1000
  return [
    {
      name: 'MIME: render HTML cut at 32 KB',
      value: await each(render('html')),
      unit: 'µs/message',
      atMost: 120,
    },
    { name: 'MIME: render plain text', value: await each(render('plain')), unit: 'µs/message' },
    { name: 'MIME: render as MIME', value: await each(render('mime')), unit: 'µs/message' },
    { name: 'MIME: text for the index', value: await each(index), unit: 'µs/message' },
  ]
}

async function* chunksOf(message: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < message.length; at += CHUNK_BYTES) yield message.subarray(at, at + CHUNK_BYTES)
}

/** One message after the other through a pool. */
const throughPool = async (options: MimeWorkersOptions, message: Buffer) => {
  const count = Math.max(3, Math.min(2000, Math.ceil((20 * 1024 * 1024) / message.length)))
  const workers = createMimeWorkers(options)
  const round = async () => {
    for (let sent = 0; sent < count; sent++) await workers.parse(chunksOf(message))
  }
  const ms = await timed(round)
  await workers.close()
  return (ms / count) * 1000
}

const choosing = async (): Promise<Figure[]> => {
  const figures: Figure[] = []
  for (const kb of [4, 14, 60, 250, 1000]) {
    const message = letter(kb * 820)
    const here = await throughPool({ threads: 0 }, message)
    const there = await throughPool({ threads: 1, inlineBytes: 0 }, message)
    figures.push({ name: `MIME: ${kb} KB on the calling thread`, value: here, unit: 'µs/message' })
    figures.push({ name: `MIME: ${kb} KB in a worker thread`, value: there, unit: 'µs/message' })
  }
  return figures
}

/** Structure, bodies and index text of mail: what delivery and a first Sync pay for each message, on one core. */
export const benchMime = async (): Promise<Figure[]> => [
  ...(await parsing()),
  ...(await parsingLarge()),
  ...(await rendering()),
  ...(await choosing()),
]
