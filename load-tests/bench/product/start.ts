import { once } from 'node:events'
import type { Figure } from '../figure.ts'
import { median } from '../figure.ts'
import { loadAccounts, startInstallation } from '../installation.ts'
import type { Target } from '../target.ts'

const IDLE_MS = 3000

/** Start to first answer, and the memory of all services in one process that nobody uses. */
export const benchStart = async (target: Target): Promise<Figure[]> => {
  const starts: number[] = []
  let idle = Number.NaN
  for (let round = 0; round < 5; round++) {
    const installation = await startInstallation({ target, accounts: loadAccounts(2) })
    const response = await fetch(
      `http://${installation.eas.host}:${installation.eas.port}/Microsoft-Server-ActiveSync`,
    )
    await response.arrayBuffer()
    starts.push(installation.startMs / 1000)
    if (round === 4) {
      await once(AbortSignal.timeout(IDLE_MS), 'abort')
      idle = installation.memory().now
    }
    await installation.kill()
  }
  return [
    { name: 'start to first answer', value: median(starts), unit: 's', atMost: 3 },
    { name: 'idle memory of all services in one process', value: idle, unit: 'MiB', atMost: 250 },
  ]
}
