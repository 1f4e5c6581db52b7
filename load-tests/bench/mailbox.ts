import { createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { message } from '../phone/messages.ts'

/** An mbox of `count` messages; `small` ones of 1 KB where only their number matters. */
export const writeMbox = async (count: number, small: boolean): Promise<{ file: string; remove(): void }> => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-mbox-'))
  const file = join(folder, 'mail.mbox')
  await pipeline(Readable.from(entries(count, small)), createWriteStream(file))
  return { file, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

function* entries(count: number, small: boolean): Generator<Buffer> {
  for (let n = 0; n < count; n++) {
    const date = new Date(Date.UTC(2026, 0, 1) + n * 60_000).toUTCString()
    yield Buffer.from(`From sender@elsewhere.example ${date}\n`)
    yield small ? smallMessage(n) : message(n)
    yield Buffer.from('\n\n')
  }
}

const smallMessage = (n: number): Buffer =>
  Buffer.from(
    `From: s@elsewhere.example\r\nTo: u@load.example\r\nSubject: Message ${n}\r\nMessage-ID: <s${n}@elsewhere.example>\r\n\r\n${'A short text of no importance. '.repeat(20)}\r\n`,
  )
