import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** One building of a read model: `<name>.<version>.<number>.sqlite`. */
export type GenerationFile = { readonly version: number; readonly number: number; readonly path: string }

const FILE = /^([a-z][a-z0-9-]{0,63})\.(\d{1,9})\.(\d{1,9})\.sqlite$/

export const generationFile = (
  folder: string,
  name: string,
  version: number,
  number: number,
): GenerationFile => ({
  version,
  number,
  path: join(folder, `${name}.${version}.${number}.sqlite`),
})

/** Every generation of a read model in a folder, newest first. */
export const listGenerations = async (folder: string, name: string): Promise<GenerationFile[]> => {
  const matches = (await readdir(folder))
    .map((file) => FILE.exec(file))
    .filter((match) => match?.[1] === name)
  return matches
    .map((match) => generationFile(folder, name, Number(match![2]), Number(match![3])))
    .sort((a, b) => b.version - a.version || b.number - a.number)
}

/** The database first: without it the rest is of no use to anyone. */
export const removeGeneration = async ({ path }: GenerationFile): Promise<void> => {
  for (const file of [path, `${path}-wal`, `${path}-shm`]) await rm(file, { force: true })
}
