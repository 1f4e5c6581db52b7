import { isDamage } from './faults.ts'
import { makeFolder } from './folder.ts'
import { Generation, type GenerationOptions } from './generation.ts'
import { type GenerationFile, generationFile, listGenerations, removeGeneration } from './generations.ts'

const isSound = async (generation: Generation): Promise<boolean> =>
  (await generation.fits()) && (await generation.isOfThisLog())

const openSound = async (
  file: GenerationFile,
  options: GenerationOptions,
): Promise<Generation | undefined> => {
  try {
    const generation = await Generation.open(file, options)
    if (await isSound(generation)) return generation
    await generation.close()
  } catch (error) {
    if (!isDamage(error)) throw error
    options.onAlarm(error as Error)
  }
  return undefined
}

const preferred = async (found: readonly Generation[]): Promise<Generation | undefined> => {
  for (const generation of found) if (await generation.isReady()) return generation
  return found[0]
}

const openAllSound = async (
  files: readonly GenerationFile[],
  options: GenerationOptions,
): Promise<Generation[]> => {
  const opened = await Promise.all(files.map((file) => openSound(file, options)))
  return opened.filter((generation) => generation !== undefined)
}

/**
 * The generation to go on with: the newest complete one of this version; else one whose building was cut off; else a
 * new one. What else this version has left behind is removed. Rows come from the log: damaged ones are built anew.
 */
export const chooseGeneration = async (folder: string, options: GenerationOptions): Promise<Generation> => {
  await makeFolder(folder)
  const { name, version } = options.model
  const files = (await listGenerations(folder, name)).filter((file) => file.version === version)
  const sound = await openAllSound(files, options)
  const chosen = await preferred(sound)
  await Promise.all(sound.filter((other) => other !== chosen).map((other) => other.close()))
  for (const file of files) if (file.number !== chosen?.file.number) await removeGeneration(file)
  if (chosen) return chosen
  return Generation.open(generationFile(folder, name, version, (files[0]?.number ?? 0) + 1), options)
}

/** Removes what versions before this one have left. A newer one's stays: it goes on from its checkpoint when it is back. */
export const removeOlderVersions = async (folder: string, { name, version }: GenerationOptions['model']) => {
  for (const file of await listGenerations(folder, name))
    if (file.version < version) await removeGeneration(file)
}
