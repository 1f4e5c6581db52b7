import { once } from 'node:events'
import type { Figure } from '../figure.ts'
import { loadAccounts, startInstallation } from '../installation.ts'
import { budgetOf, type Target } from '../target.ts'

const IDLE_MS = 30_000

/** Memory of each service's process while nobody uses it. */
export const benchIdle = async (target: Target): Promise<Figure[]> => {
  const installation = await startInstallation({ target, accounts: loadAccounts(2) })
  try {
    await once(AbortSignal.timeout(IDLE_MS), 'abort')
    return installation.services().map(({ name, memory }) => ({
      ...{ name: `idle memory of ${name}`, value: memory().now, unit: 'MiB' },
      ...(name.startsWith('device-sync') ? budgetOf(target, { cluster: { atMost: 120 } }) : {}),
    }))
  } finally {
    await installation.kill()
  }
}
