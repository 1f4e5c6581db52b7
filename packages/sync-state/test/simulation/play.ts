import { Player } from './player.ts'
import { comeToRest } from './rest.ts'
import type { Rows } from './rows.ts'
import type { Schedule } from './schedule.ts'
import { Violation } from './violation.ts'

let tenants = 0

/** Plays a schedule to rest; answers with what went wrong, undefined if nothing did. Other errors are thrown. */
export const playSchedule = async (
  rows: Rows,
  { settings, steps }: Schedule,
  trace?: (line: string) => void,
): Promise<string | undefined> => {
  const player = new Player(rows, settings, { tenant: `t${++tenants}`, trace })
  await player.world.begin()
  try {
    for (const step of steps) await player.play(step)
    trace?.('at rest from here')
    await comeToRest(player)
    return undefined
  } catch (error) {
    if (error instanceof Violation) return error.message
    throw error
  }
}
