import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = '/sys/fs/cgroup'
const CONTROLLERS = 'cpu cpuacct cpuset memory devices freezer blkio pids systemd unified'.split(' ')

/** One tree (version 2), or one tree for each controller (version 1). */
const isUnified = (): boolean => existsSync(join(ROOT, 'cgroup.controllers'))

const treesOf = (name: string): readonly string[] =>
  isUnified()
    ? [join(ROOT, name)]
    : CONTROLLERS.map((controller) => join(ROOT, controller))
        .filter(existsSync)
        .map((tree) => join(tree, name))

/** A group of its own for one node: its kubelet would take other kubelets' pods for orphans. */
export const makeGroup = (name: string): void => {
  for (const tree of treesOf(name)) mkdirSync(tree, { recursive: true })
  if (isUnified()) enableControllers(join(ROOT, name))
  else giveProcessors(name)
}

/** In version 1 a group has none of its own accord. */
const giveProcessors = (name: string): void => {
  const cpuset = join(ROOT, 'cpuset')
  for (const file of ['cpuset.cpus', 'cpuset.mems'])
    writeFileSync(join(cpuset, name, file), readFileSync(join(cpuset, file)))
}

const enableControllers = (group: string): void => {
  const all = readFileSync(join(ROOT, 'cgroup.controllers'), 'utf8').trim().split(' ')
  for (const folder of [ROOT, group])
    writeFileSync(join(folder, 'cgroup.subtree_control'), all.map((one) => `+${one}`).join(' '))
}

/** Processes of the group and of those below it. */
export const processesOf = (name: string, below = (_folder: string): boolean => true): readonly number[] => {
  const tree = isUnified() ? join(ROOT, name) : join(ROOT, 'pids', name)
  return foldersOf(tree)
    .filter(below)
    .flatMap((folder) => read(join(folder, 'cgroup.procs')).split('\n'))
    .filter((line) => line !== '')
    .map(Number)
}

export const removeGroup = (name: string): void => {
  for (const tree of treesOf(name)) for (const folder of [...foldersOf(tree)].reverse()) removeEmpty(folder)
}

const removeEmpty = (folder: string) => {
  try {
    rmdirSync(folder)
  } catch (error) {
    if (!['ENOENT', 'EBUSY'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return '' // the group is gone
  }
}

/** The folder and those below it, from above. */
const foldersOf = (folder: string): readonly string[] => {
  if (!existsSync(folder)) return []
  try {
    const inside = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    return [folder, ...inside.flatMap(({ name }) => foldersOf(join(folder, name)))]
  } catch {
    return []
  }
}
