import { playOn } from '@relais/sync-state/test/simulation/play.ts'
import type { Schedule } from '@relais/sync-state/test/simulation/schedule.ts'
import type { TestScope } from '@relais/testing'
import { startMail } from '../harness.ts'
import { onMail } from './simulated-mail.ts'

/** Days for which a phone can want its mail, of those that the simulation has. */
const withMailFilters = ({ settings, steps }: Schedule): Schedule => ({
  settings: {
    ...settings,
    invisibleBudget: undefined,
    phones: settings.phones.map((phone) => ({
      ...phone,
      filters: Object.fromEntries(
        Object.entries(phone.filters).map(([name, days]) => [name, days === 2 ? 3 : days]),
      ),
    })),
  },
  steps: steps.map((step) =>
    step[0] === 'filter' && step[3] === 2 ? ['filter', step[1]!, step[2]!, 3] : step,
  ),
})

/** Starts mail with a clock that schedules turn, and gives what plays them on it. */
export const startSimulatedMail = async (scope: TestScope) => {
  const clock = { now: Date.now() }
  const harness = await startMail(scope, { clock: () => clock.now })
  return (schedule: Schedule) => playOn(onMail({ ...harness, clock }), withMailFilters(schedule))
}
