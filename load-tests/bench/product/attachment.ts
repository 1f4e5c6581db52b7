import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Phone } from '../../phone/phone.ts'
import { type Figure, percentile } from '../figure.ts'
import { type Account, type Installation, loadAccounts, startInstallation } from '../installation.ts'
import { budgetOf, type Target } from '../target.ts'

const MIB = 1024 * 1024
const SIZE = 25 * MIB
const ROUNDS = 40
const PHONES = 8

/**
 * Ranges of 1 MiB of an attachment of 25 MiB, from anywhere in it; then eight phones that fetch all of it at once, and the whole message as MIME, for the
 * memory.
 */
export const benchAttachment = async (target: Target): Promise<Figure[]> => {
  const folder = messageFolder()
  const [account] = loadAccounts(1)
  const installation = await startInstallation({ target, accounts: [{ ...account!, import: [folder] }] })
  try {
    const phones = Array.from({ length: PHONES }, (_, n) => phoneOf(installation, account!, n))
    const { file, collection, item } = await attachmentOf(phones[0]!)
    const firsts = await ranges(phones[0]!, file)
    const before = installation.memory().now
    await Promise.all(phones.map((phone) => phone.fetchRange(file, `0-${SIZE - 1}`)))
    const grown = installation.memory().peak - before
    const whole = await Promise.all(phones.map((phone) => phone.fetchMime(collection, item)))
    if (whole.some((bytes) => bytes < SIZE)) throw new Error('a message came cut off')
    const grownByMime = installation.memory().peak - before
    for (const phone of phones) phone.close()
    return [
      {
        name: 'attachment of 25 MB, range of 1 MB, to its first byte, p50',
        value: percentile(firsts, 50),
        unit: 'ms',
        ...budgetOf(target, { standalone: { atMost: 30 }, cluster: { atMost: 30 } }),
      },
      {
        name: `attachment of 25 MB fetched whole by ${PHONES} phones at once, more memory`,
        value: Math.max(0, grown),
        unit: 'MiB',
        ...budgetOf(target, { standalone: { atMost: 100 } }),
      },
      {
        name: `its message of 34 MB fetched as MIME by ${PHONES} phones at once, more memory`,
        value: Math.max(0, grownByMime),
        unit: 'MiB',
        ...budgetOf(target, { standalone: { atMost: 100 } }),
      },
    ]
  } finally {
    await installation.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}

const phoneOf = ({ eas }: Installation, { address, password }: Account, n: number): Phone =>
  new Phone({ address: eas, user: address, password, device: `FILE${n}` })

type Found = { readonly file: string; readonly collection: string; readonly item: string }

const attachmentOf = async (phone: Phone): Promise<Found> => {
  const { folders } = await phone.folderSync()
  for (const collection of folders.keys()) {
    await phone.prime(collection)
    const { lastFile, lastAdded } = await phone.sync(collection, { window: 10, html: 0 })
    if (lastFile !== '') return { file: lastFile, collection, item: lastAdded }
  }
  throw new Error('there is no attachment')
}

const ranges = async (phone: Phone, file: string): Promise<number[]> => {
  const firsts: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const first = ((round * 7) % 24) * MIB + round * 1000
    const { firstMs, bytes } = await phone.fetchRange(file, `${first}-${first + MIB - 1}`)
    if (bytes < MIB) throw new Error(`${bytes} bytes`)
    firsts.push(firstMs)
  }
  return firsts
}

const messageFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-attachment-'))
  const content = randomBytes(SIZE).toString('base64').replace(/.{76}/g, '$&\r\n')
  const head = [
    ...['From: s@elsewhere.example', 'To: u@load.example', 'Subject: large', 'MIME-Version: 1.0'],
    ...['Content-Type: multipart/mixed; boundary=b', '', '--b', 'Content-Type: text/plain', '', 'see there'],
    ...['--b', 'Content-Type: application/octet-stream; name=large.bin', 'Content-Transfer-Encoding: base64'],
    ...['Content-Disposition: attachment; filename=large.bin', '', ''],
  ].join('\r\n')
  writeFileSync(join(folder, '1.eml'), `${head}${content}\r\n--b--\r\n`)
  return folder
}
