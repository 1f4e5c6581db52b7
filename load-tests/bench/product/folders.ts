import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Phone } from '../../phone/phone.ts'
import { type Figure, median } from '../figure.ts'
import { loadAccounts, startInstallation } from '../installation.ts'
import type { Target } from '../target.ts'

const FOLDERS = 1000

/** FolderSync of an account with 1,000 mailboxes: all of them, and nothing new. */
export const benchFolderSync = async (target: Target): Promise<Figure[]> => {
  const folder = folderTree()
  const [account] = loadAccounts(1)
  const installation = await startInstallation({ target, accounts: [{ ...account!, import: [folder] }] })
  try {
    const first: number[] = []
    const unchanged: number[] = []
    const phone = new Phone({
      address: installation.eas,
      user: account!.address,
      password: account!.password,
      device: 'FOLDERS',
    })
    for (let round = 0; round < 40; round++) {
      const startedAt = performance.now()
      const { folders, key } = await phone.folderSync()
      first.push(performance.now() - startedAt)
      if (folders.size < FOLDERS) throw new Error(`FolderSync brought ${folders.size} folders`)
      const againAt = performance.now()
      await phone.folderSync(key)
      unchanged.push(performance.now() - againAt)
    }
    return [
      { name: 'FolderSync of 1,000 folders, first, p50', value: median(first), unit: 'ms', atMost: 25 },
      {
        name: 'FolderSync of 1,000 folders, without changes, p50',
        value: median(unchanged),
        unit: 'ms',
        atMost: 2,
      },
    ]
  } finally {
    await installation.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}

const folderTree = (): string => {
  const top = mkdtempSync(join(tmpdir(), 'relais-folders-'))
  for (let n = 0; n < FOLDERS; n++) {
    const folder = join(top, `Group ${Math.floor(n / 50)}`, `Folder ${n}`)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, '1.eml'), `Subject: ${n}\r\n\r\n`)
  }
  return top
}
