import { fingerprintOf } from '../projecting/statements.ts'
import { isDamage } from './faults.ts'
import { Generation, type GenerationOptions, makeGeneration } from './generation.ts'
import { type GenerationEntry, listGenerations, type Place, retire } from './registry.ts'
import type { Session } from './session.ts'

const isSound = async (generation: Generation): Promise<boolean> =>
  generation.fits && (await generation.isOfThisLog())

const openSound = async (
  entry: GenerationEntry,
  options: GenerationOptions,
): Promise<Generation | undefined> => {
  let generation: Generation | undefined
  try {
    generation = await Generation.open(entry, options)
    if (await isSound(generation)) return generation
    await generation.close()
  } catch (error) {
    await generation?.close()
    if (!isDamage(error)) throw error
    options.onAlarm(error as Error)
  }
  return undefined
}

/** A new generation, empty, with the next number of its version. */
export const nextGeneration = async (
  session: Session,
  place: Place,
  options: GenerationOptions,
): Promise<Generation> => {
  const last = (await listGenerations(session, place)).find(({ version }) => version === place.version)
  const number = (last?.number ?? 0) + 1
  const entry = { ...place, number, fingerprint: fingerprintOf(options.model), ready: false }
  await makeGeneration(entry, options)
  return Generation.open(entry, options)
}

/**
 * The generation to go on with, for the one that projects: the newest complete one of this version; else one whose building
 * was cut off; else a new one. Those of other tables or another log aren't served any more: their rows are built anew.
 */
export const chooseGeneration = async (
  session: Session,
  place: Place,
  options: GenerationOptions,
): Promise<Generation> => {
  const entries = (await listGenerations(session, place)).filter(({ version }) => version === place.version)
  for (const entry of [...entries.filter(({ ready }) => ready), ...entries.filter(({ ready }) => !ready)]) {
    const generation = await openSound(entry, options)
    if (generation) return generation
    await retire(session, entry)
  }
  return nextGeneration(session, place, options)
}
