import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { LmtpSender } from '../../../load-tests/phone/lmtp-sender.ts'
import { hostAndPort, relais, start, testFolder, writeSeed } from './process.ts'

const corpus = new URL('../../../../shared/corpus/mail/', import.meta.url)
const skip = existsSync(corpus) ? false : 'the corpus is not here'

const folder = testFolder()
after(() => folder.remove())

const ANNA = { address: 'anna@acme.example', password: 'correct horse' }

const originals = () =>
  readdirSync(corpus, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.eml'))
    .map((name) => readFileSync(new URL(name, corpus), 'latin1'))

/** As SMTP carries it: every line ends in CR LF, and the message with one. */
const asSent = (text: string) => {
  const lines = text.replace(/\r\n|\r|\n/g, '\r\n')
  return lines.endsWith('\r\n') ? lines : `${lines}\r\n`
}

const withoutTrace = (text: string) => text.replace(/^Return-Path:.*\r\nReceived:.*\r\n\t.*\r\n\t.*\r\n/, '')

test('every message of the corpus comes through LMTP byte for byte, but for line ends and trace fields, and a phone gets them all', {
  skip,
}, async (t) => {
  const running = await start(t, join(folder.path, 'data'), [
    '--seed',
    writeSeed(folder.path, [ANNA]),
    '--throw-away',
  ])
  const { host, port } = hostAndPort(running.ready.lmtp)
  const sender = await LmtpSender.connect(host, port)
  const sent = originals().map(asSent)
  for (const text of sent) await sender.deliver(ANNA.address, Buffer.from(text.slice(0, -2), 'latin1'))
  sender.close()
  const exported = join(folder.path, 'export')
  await relais(running.data, ['mail', 'export', ANNA.address, exported, '--format', 'eml'])
  const files = readdirSync(exported, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  const received = files.map(({ parentPath, name }) =>
    withoutTrace(readFileSync(join(parentPath, name), 'latin1')),
  )
  assert.deepEqual(received.sort(), sent.sort())
  for (const [device, html] of [
    ['HTML', 32_768],
    ['NONE', 0],
  ] as const) {
    const phone = running.phone(ANNA.address, ANNA.password, device)
    await phone.folderSync()
    await phone.prime('inbox')
    assert.equal(await phone.syncAll('inbox', { window: 10, html }), sent.length)
    phone.close()
  }
})
