import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Phone } from '../../phone/phone.ts'
import { type Figure, median, percentile } from '../figure.ts'
import { loadAccounts, startInstallation } from '../installation.ts'
import type { Target } from '../target.ts'

const FOLDERS = [200, 1000]
const ROUNDS = 400

/** One Sync of all folders of an account, without changes: 200 of them, and as many as there may be. */
export const benchFoldersInOneSync = async (target: Target): Promise<Figure[]> => {
  const most = Math.max(...FOLDERS)
  const folder = folderTree(most)
  const [account] = loadAccounts(1)
  const installation = await startInstallation({ target, accounts: [{ ...account!, import: [folder] }] })
  try {
    const { address: user, password } = account!
    const phone = new Phone({ address: installation.eas, user, password, device: 'TOGETHER' })
    const { folders } = await phone.folderSync()
    const ids = [...folders.keys()].slice(0, most)
    if (ids.length < most) throw new Error(`FolderSync brought ${ids.length} folders`)
    // Keys, the messages, nothing.
    for (let round = 0; round < 3; round++) await phone.syncTogether(ids)
    const figures: Figure[] = []
    for (const count of FOLDERS) figures.push(...(await quietFigures(phone, ids.slice(0, count))))
    phone.close()
    return figures
  } finally {
    await installation.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}

const quietFigures = async (phone: Phone, ids: readonly string[]): Promise<Figure[]> => {
  const latencies: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const sentAt = performance.now()
    if ((await phone.syncTogether(ids)) > 0) throw new Error('a Sync without changes brought something')
    latencies.push(performance.now() - sentAt)
  }
  const name = `${ids.length} folders in one Sync without changes`
  const budget = ids.length === FOLDERS[0] ? { atMost: 5 } : {}
  return [
    { name: `${name}, p50`, value: median(latencies), unit: 'ms', ...budget },
    { name: `${name}, p99`, value: percentile(latencies, 99), unit: 'ms' },
  ]
}

const folderTree = (count: number): string => {
  const top = mkdtempSync(join(tmpdir(), 'relais-folders-'))
  for (let n = 0; n < count; n++) {
    const folder = join(top, `Group ${Math.floor(n / 50)}`, `Folder ${n}`)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, '1.eml'), `Subject: ${n}\r\n\r\n`)
  }
  return top
}
