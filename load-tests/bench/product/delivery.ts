import { LmtpSender } from '../../phone/lmtp-sender.ts'
import { message } from '../../phone/messages.ts'
import type { Figure } from '../figure.ts'
import { loadAccounts, startInstallation } from '../installation.ts'
import { budgetOf, type Target } from '../target.ts'
import { inParallel } from './in-parallel.ts'

/** Deliveries after which each of the processes runs compiled code: what lasts is measured. */
const WARM_UP = 1000

/** Deliveries over LMTP from 16 connections; memory while receiving a message of 50 MB. */
export const benchDelivery = async (target: Target): Promise<Figure[]> => {
  const installation = await startInstallation({
    target,
    accounts: loadAccounts(64),
    flags: ['--max-message-bytes', '60000000'],
  })
  try {
    const { host, port } = installation.lmtp
    const senders = await Promise.all(Array.from({ length: 16 }, () => LmtpSender.connect(host, port)))
    const messages = Array.from({ length: 200 }, (_, n) => message(n))
    const send = (count: number) =>
      inParallel(16, 16, async (lane) => {
        for (let n = lane; n < count; n += 16)
          await senders[lane]!.deliver(`u${n % 64}@load.example`, messages[n % messages.length]!)
      })
    await send(WARM_UP)
    const startedAt = performance.now()
    await send(4000)
    const rate = (4000 * 1000) / (performance.now() - startedAt)
    await senders[0]!.deliver('u0@load.example', hugeMessage(50_000_000))
    for (const sender of senders) sender.close()
    return [
      {
        ...{ name: 'deliveries over LMTP, 16 connections, durable', value: rate, unit: '/s' },
        ...budgetOf(target, { standalone: { atLeast: 500 }, cluster: { atLeast: 250 } }),
      },
      {
        name: 'resident memory while receiving 50 MB',
        value: installation.memory().peak,
        unit: 'MiB',
        ...budgetOf(target, { standalone: { atMost: 400 } }),
      },
    ]
  } finally {
    await installation.kill()
  }
}

const hugeMessage = (bytes: number): Buffer => {
  const line = `${'QUJD'.repeat(19)}\r\n`
  return Buffer.from(
    `From: s@elsewhere.example\r\nTo: u0@load.example\r\nSubject: huge\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream; name=huge.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n${line.repeat(Math.floor(bytes / line.length))}`,
  )
}
