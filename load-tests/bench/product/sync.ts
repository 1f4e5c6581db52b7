import { LmtpSender } from '../../phone/lmtp-sender.ts'
import { message } from '../../phone/messages.ts'
import { Phone } from '../../phone/phone.ts'
import { type Figure, median, percentile } from '../figure.ts'
import { type Account, type Installation, loadAccounts, startInstallation } from '../installation.ts'
import { writeMbox } from '../mailbox.ts'
import { budgetOf, type Target } from '../target.ts'
import { inParallel } from './in-parallel.ts'

const SIZES = [100, 10_000, 100_000]

/** Sync without changes at 100, 10,000 and 100,000 messages, measured alternately in one installation; one new message in 100,000. */
export const benchQuietSync = async (target: Target): Promise<Figure[]> => {
  const boxes = await Promise.all(SIZES.map((size) => writeMbox(size, true)))
  const accounts = loadAccounts(SIZES.length).map((account, n) => withMail(account, boxes[n]?.file))
  const installation = await startInstallation({ target, accounts })
  try {
    const phones = await Promise.all(SIZES.map((_, size) => syncedPhones(installation, size)))
    const rates = SIZES.map((): number[] => [])
    const latencies: number[] = []
    for (let round = 0; round < 7; round++)
      for (const [size, group] of phones.entries()) rates[size]!.push(await quietRate(group, latencies))
    const [newest] = await oneNewMessage(target, installation, phones[2]![0]!)
    return [...quietFigures(target, rates, latencies), newest!]
  } finally {
    await installation.kill()
    for (const box of boxes) box.remove()
  }
}

const withMail = (account: Account, file: string | undefined): Account => ({
  ...account,
  import: file === undefined ? [] : [file],
})

const HALF_A_YEAR = 7

/** 32 phones of one account with a mailbox of that size: the first has all of it, the others what came in the last half year. */
const syncedPhones = async (installation: Installation, size: number): Promise<Phone[]> => {
  const { address, password } = loadAccounts(SIZES.length)[size]!
  const phones = Array.from(
    { length: 32 },
    (_, n) => new Phone({ address: installation.eas, user: address, password, device: `S${size}N${n}` }),
  )
  await inParallel(phones.length, 4, async (n) => {
    await phones[n]!.folderSync()
    await phones[n]!.prime('inbox')
    await phones[n]!.syncAll('inbox', { window: 512, html: 0, filter: n === 0 ? 0 : HALF_A_YEAR })
  })
  return phones
}

const quietRate = async (phones: Phone[], latencies: number[]): Promise<number> => {
  const startedAt = performance.now()
  let count = 0
  const lane = async (phone: Phone) => {
    while (performance.now() - startedAt < 2000) {
      const sentAt = performance.now()
      const { added } = await phone.sync('inbox')
      if (added > 0) throw new Error('a Sync without changes brought something')
      latencies.push(performance.now() - sentAt)
      count++
    }
  }
  await Promise.all(phones.map(lane))
  return (count * 1000) / (performance.now() - startedAt)
}

const quietFigures = (target: Target, rates: readonly number[][], latencies: readonly number[]): Figure[] => {
  const medians = rates.map(median)
  const spread = ((Math.max(...medians) - Math.min(...medians)) / Math.max(...medians)) * 100
  return [
    ...SIZES.map(
      (size, n): Figure => ({
        name: `Sync without changes, 32 at once, ${size} messages`,
        value: medians[n]!,
        unit: '/s',
        ...budgetOf(target, { standalone: { atLeast: 4000 }, cluster: { atLeast: 2500 } }),
      }),
    ),
    {
      name: 'Sync without changes, 32 at once, p99',
      value: percentile(latencies, 99),
      unit: 'ms',
      ...budgetOf(target, { standalone: { atMost: 25 } }),
    },
    { name: 'the same at 100, 10,000 and 100,000 messages: spread', value: spread, unit: '%', atMost: 25 },
  ]
}

const oneNewMessage = async (target: Target, installation: Installation, phone: Phone): Promise<Figure[]> => {
  const sender = await LmtpSender.connect(installation.lmtp.host, installation.lmtp.port)
  const latencies: number[] = []
  for (let n = 0; n < 60; n++) {
    await sender.deliver('u2@load.example', message(n, `New ${n}`))
    const sentAt = performance.now()
    const { added } = await phone.sync('inbox', { window: 100, html: 32768 })
    latencies.push(performance.now() - sentAt)
    if (added !== 1) throw new Error(`a Sync after one new message brought ${added}`)
  }
  sender.close()
  return [
    {
      name: 'one new message in a mailbox of 100,000: Sync that brings it, p50',
      value: median(latencies),
      unit: 'ms',
      ...budgetOf(target, { standalone: { atMost: 5 } }),
    },
  ]
}

/** First Sync of 10,000 messages of the real mix, HTML cut at 32 KB, window 100; the first page in a mailbox of 100,000. */
export const benchFirstSync = async (target: Target): Promise<Figure[]> => {
  const boxes = [await writeMbox(10_000, false), await writeMbox(100_000, true)]
  const installation = await startInstallation({
    target,
    accounts: loadAccounts(2).map((account, n) => withMail(account, boxes[n]!.file)),
  })
  try {
    const rates: number[] = []
    for (let round = 0; round < 3; round++) rates.push(await firstSyncRate(installation, round))
    const pages: number[] = []
    for (let round = 0; round < 9; round++) pages.push(await firstPage(installation, round))
    return [
      {
        name: 'first Sync of 10,000 messages, window 100',
        value: median(rates),
        unit: 'messages/s',
        ...budgetOf(target, { standalone: { atLeast: 2500 }, cluster: { atLeast: 1200 } }),
      },
      { name: 'first page in a mailbox of 100,000', value: median(pages), unit: 'ms', atMost: 80 },
      {
        ...{ name: 'most resident memory meanwhile', value: installation.memory().peak, unit: 'MiB' },
        ...budgetOf(target, { standalone: { atMost: 400 } }),
      },
    ]
  } finally {
    await installation.kill()
    for (const box of boxes) box.remove()
  }
}

const freshPhone = (installation: Installation, account: number, device: string) => {
  const { address, password } = loadAccounts(account + 1)[account]!
  return new Phone({ address: installation.eas, user: address, password, device })
}

const firstSyncRate = async (installation: Installation, round: number): Promise<number> => {
  const phone = freshPhone(installation, 0, `FIRST${round}`)
  await phone.folderSync()
  await phone.prime('inbox')
  const startedAt = performance.now()
  const added = await phone.syncAll('inbox', { window: 100, html: 32768 })
  phone.close()
  if (added !== 10_000) throw new Error(`a first Sync of 10,000 messages brought ${added}`)
  return (added * 1000) / (performance.now() - startedAt)
}

const firstPage = async (installation: Installation, round: number): Promise<number> => {
  const phone = freshPhone(installation, 1, `PAGE${round}`)
  await phone.folderSync()
  await phone.prime('inbox')
  const startedAt = performance.now()
  await phone.sync('inbox', { window: 100, html: 32768 })
  phone.close()
  return performance.now() - startedAt
}
