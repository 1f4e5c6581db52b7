import { type Making, onEngine, Player } from './player.ts'
import { comeToRest } from './rest.ts'
import type { Rows } from './rows.ts'
import type { Schedule } from './schedule.ts'
import { Violation } from './violation.ts'

let tenants = 0

/** Plays a schedule to rest on the engine; answers with what went wrong, undefined if nothing did. Other errors are thrown. */
export const playSchedule = (
  rows: Rows,
  schedule: Schedule,
  trace?: (line: string) => void,
): Promise<string | undefined> => playOn(onEngine(rows, { tenant: `t${++tenants}`, trace }), schedule, trace)

/** The same on whatever is made. */
export const playOn = async (
  make: Making,
  { settings, steps }: Schedule,
  trace?: (line: string) => void,
): Promise<string | undefined> => {
  const player = new Player(settings, make)
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
