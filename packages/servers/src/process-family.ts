import { readdirSync, readFileSync } from 'node:fs'

/** The process and all that it has started, on Linux; elsewhere the process alone. A server's helpers may be in groups of their own. */
export const familyOf = (pid: number): number[] => {
  const children = childrenOfAll()
  const family = [pid]
  for (const member of family) family.push(...(children.get(member) ?? []))
  return family
}

export const signalFamily = (pid: number, signal: NodeJS.Signals): void => {
  for (const member of familyOf(pid)) signalOne(member, signal)
}

const signalOne = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

const childrenOfAll = (): Map<number, number[]> => {
  const children = new Map<number, number[]>()
  for (const pid of processIds()) {
    const parent = parentOf(pid)
    children.set(parent, [...(children.get(parent) ?? []), pid])
  }
  return children
}

const processIds = (): number[] => {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger)
  } catch {
    return [] // no such folder where this isn't Linux
  }
}

/** proc(5): the fourth field of stat; the second is a name in parentheses. 0 if the process is gone. */
const parentOf = (pid: number): number => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return 0
  }
}
