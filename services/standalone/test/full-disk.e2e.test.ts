import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { waitUntil } from '@relais/testing'
import { type SmallDisk, smallDisk } from '@relais/testing/small-disk.ts'
import { createTransport } from 'nodemailer'
import { LmtpSender } from '../../../load-tests/phone/lmtp-sender.ts'
import { standaloneOnly } from './form.ts'
import { hostAndPort, type Running, refusedStart, start, testFolder, writeSeed } from './process.ts'

const ANNA = { address: 'anna@acme.example', password: 'correct horse' }
const KIB = 1024

const folder = testFolder()
after(() => folder.remove())

const message = (subject: string, bytes = 200): Buffer =>
  Buffer.from(`Subject: ${subject}\r\n\r\n${`${'x'.repeat(70)}\r\n`.repeat(Math.ceil(bytes / 72))}`)

/** True if it was confirmed; false after a temporary refusal. Anything else is an error. */
const deliver = async ({ ready }: Running, content: Buffer): Promise<boolean> => {
  const { host, port } = hostAndPort(ready.lmtp)
  const sender = await LmtpSender.connect(host, port)
  try {
    await sender.deliver(ANNA.address, content)
    return true
  } catch (error) {
    assert.match((error as Error).message, /^LMTP: 4\d\d /)
    return false
  } finally {
    sender.close()
  }
}

const seeded = (scope: Parameters<typeof start>[0], disk: SmallDisk) =>
  start(scope, join(disk.folder, 'data'), ['--seed', writeSeed(folder.path, [ANNA]), '--throw-away'])

/** How many messages a phone that comes to it anew is given. */
const countOf = async (running: Running, device: string): Promise<number> => {
  const phone = running.phone(ANNA.address, ANNA.password, device)
  await phone.folderSync()
  await phone.prime('inbox')
  const count = await phone.syncAll('inbox')
  phone.close()
  return count
}

const refused = async (disk: SmallDisk) => {
  const { code, lines } = await refusedStart(['--data', join(disk.folder, 'data'), '--port', '0'])
  assert.equal(code, 1, lines.join('\n'))
  assert.equal(lines.length, 1, lines.join('\n'))
  return lines[0] ?? ''
}

describe('a full disk', standaloneOnly('the disk is that of its data folder'), () => {
  test('at a first start it is one line that says so, and an exit code', async (t) => {
    const disk = smallDisk(t, '64m')
    if (!disk) return t.skip('no small disk can be mounted here')
    disk.fill()
    assert.match(await refused(disk), /^relais: .*(no space left|ENOSPC|full|no room)/i)
    disk.empty()
    const running = await seeded(t, disk)
    assert.ok(await deliver(running, message('after')))
  })

  test('at a later start it is one line and an exit code, or a start; and nothing is lost', async (t) => {
    const disk = smallDisk(t, '64m')
    if (!disk) return t.skip('no small disk can be mounted here')
    const before = await seeded(t, disk)
    for (let n = 0; n < 5; n++) assert.ok(await deliver(before, message(`m${n}`)))
    await before.stop()
    disk.fill()
    assert.match(await refused(disk), /^relais: .*(no space left|ENOSPC|full|no room)/i)
    for (const room of [4 * KIB, 128 * KIB]) {
      disk.empty()
      disk.fill(room)
      await startedOrRefused(disk)
    }
    disk.empty()
    assert.equal(await countOf(await start(t, before.data), 'LATER'), 5)
  })

  test('a first start that breaks off in the middle is gone on with, or begun anew, when there is room', async (t) => {
    const disk = smallDisk(t, '64m')
    if (!disk) return t.skip('no small disk can be mounted here')
    for (const room of [16 * KIB, 512 * KIB]) {
      disk.fill(room)
      await startedOrRefused(disk)
      disk.empty()
      const running = await start(t, join(disk.folder, 'data'))
      assert.equal(await running.stop(), 0)
      rmSync(join(disk.folder, 'data'), { recursive: true })
    }
  })

  test('that fills while it runs refuses mail for now, keeps what it confirmed, and takes mail again with room', async (t) => {
    const disk = smallDisk(t, '64m')
    if (!disk) return t.skip('no small disk can be mounted here')
    const running = await seeded(t, disk)
    let confirmed = 0
    for (let round = 0; round < 3; round++) {
      disk.fill(round * 300 * KIB)
      let n = 0
      while (await deliver(running, message(`r${round}-${n++}`, 30_000))) confirmed += 1
      for (let more = 0; more < 5; more++)
        if (await deliver(running, message(`more${round}-${more}`, 100_000))) confirmed += 1
      disk.empty()
      const again = () => deliver(running, message(`again${round}-${n++}`))
      await waitUntil(again, { what: 'mail to be taken again' })
      confirmed += 1
      assert.equal(await countOf(running, `R${round}`), confirmed)
    }
    await running.stop('SIGKILL')
    assert.equal(await countOf(await start(t, running.data), 'AFTER'), confirmed)
  })

  test('that fills while phones work tells them to come back later; held ones stay held; all goes on with room', async (t) => {
    const disk = smallDisk(t, '64m')
    if (!disk) return t.skip('no small disk can be mounted here')
    const running = await seeded(t, disk)
    for (let n = 0; n < 10; n++) assert.ok(await deliver(running, message(`m${n}`)))
    const phone = running.phone(ANNA.address, ANNA.password, 'WORKS')
    await phone.folderSync()
    await phone.prime('inbox')
    const { added, lastAdded } = await phone.sync('inbox')
    assert.equal(added, 10)
    const waiting = running.phone(ANNA.address, ANNA.password, 'WAITS')
    await waiting.folderSync()
    await waiting.prime('inbox')
    await waiting.syncAll('inbox')
    const held = waiting.ping(['inbox'])
    disk.fill()
    while (await deliver(running, message('filler', 30_000)));
    await assertTriesLater(() => phone.markRead('inbox', lastAdded))
    await assertRefusedForNow(() => sendOverSmtp(running))
    disk.empty()
    await waitUntil(
      () =>
        phone.markRead('inbox', lastAdded).then(
          () => true,
          () => false,
        ),
      {
        what: 'the change to be taken',
      },
    )
    await waitUntil(() => deliver(running, message('wakes')), { what: 'mail to be taken again' })
    assert.equal(await held, '2')
  })
})

/** HTTP 503, or a Status that means "the server is not able to, try again". */
const assertTriesLater = async (work: () => Promise<unknown>): Promise<void> => {
  await assert.rejects(work(), (error: Error) => {
    assert.match(error.message, /HTTP 503|Status (5|16|110|111)$/)
    return true
  })
}

/** Progress may come before it. */
const LAST_LINE = /(: |\n)relais: [^\n]*(no space left|ENOSPC|full|no room)[^\n]*\n?$/i

const sendOverSmtp = async ({ ready }: Running): Promise<void> => {
  const transport = createTransport({ ...hostAndPort(ready.smtp), secure: false, ignoreTLS: true })
  const envelope = { from: 'somebody@elsewhere.example', to: [ANNA.address] }
  await transport.sendMail({ envelope, raw: message('over SMTP', 30_000) })
  transport.close()
}

/** RFC 5321 4.2.1: 4yz, so that the sender keeps it and tries again. */
const assertRefusedForNow = (work: () => Promise<void>): Promise<void> =>
  assert.rejects(work(), ({ responseCode }: { responseCode?: number }) => {
    assert.ok(responseCode !== undefined && responseCode >= 400 && responseCode < 500, String(responseCode))
    return true
  })

const startedOrRefused = async (disk: SmallDisk): Promise<void> => {
  const data = join(disk.folder, 'data')
  const scope = { after: (_: () => void | Promise<void>) => {} }
  const running = await start(scope, data).catch((error: Error) => error)
  if (running instanceof Error) assert.match(running.message, LAST_LINE)
  else assert.equal(await running.stop(), 0)
}
