import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Phone } from '../../phone/phone.ts'
import type { Figure } from '../figure.ts'
import { loadAccounts, startInstallation } from '../installation.ts'
import type { Target } from '../target.ts'
import { inParallel } from './in-parallel.ts'
import { holdPhones } from './push.ts'

/** Restart with phones that all come back at once: until every one of them is held again. */
export const benchRestart = async (target: Target, count: number): Promise<Figure[]> => {
  const data = mkdtempSync(join(tmpdir(), 'relais-bench-data-'))
  try {
    const first = await startInstallation({
      target,
      accounts: loadAccounts(count),
      data: join(data, 'd'),
      flags: ['--throw-away'],
    })
    const phones = await holdPhones(first, count)
    for (const { answered } of phones) answered.catch(() => {})
    await first.stop()
    const second = await startInstallation({ target, accounts: [], data: join(data, 'd') })
    const startedAt = performance.now()
    await comeBack(second.eas, count)
    const seconds = (performance.now() - startedAt) / 1000
    await second.kill()
    return [
      { name: `restart with ${count} phones that come back at once`, value: seconds, unit: 's', atMost: 20 },
    ]
  } finally {
    rmSync(data, { recursive: true, force: true })
  }
}

/** A phone is held when its Ping was sent and another request of the same process, sent after all Pings, is answered. */
const comeBack = async (eas: { host: string; port: number; secure: boolean }, count: number) => {
  const phones = loadAccounts(count).map(
    ({ address, password }, n) => new Phone({ address: eas, user: address, password, device: `LOAD${n}` }),
  )
  const early: number[] = []
  for (const [n, phone] of phones.entries())
    phone.ping(['inbox'], 3540).then(
      () => early.push(n),
      () => early.push(n),
    )
  await inParallel(200, 1, async (n) => {
    const { address, password } = loadAccounts(count)[n % count]!
    const probe = new Phone({ address: eas, user: address, password, device: `PROBE${n}` })
    await probe.folderSync()
    probe.close()
  })
  if (early.length > 0) throw new Error(`${early.length} of ${count} Pings were answered instead of held`)
  for (const phone of phones) phone.close()
}
