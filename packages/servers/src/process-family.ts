import { readdirSync, readFileSync } from 'node:fs'

/** The process and all that it has started, on Linux; elsewhere the process alone. A server's helpers may be in groups of their own. */
export const familyOf = (pid: number): number[] => {
  const children = childrenOfAll()
  const family = [pid]
  for (const member of family) family.push(...(children.get(member) ?? []))
  return family
}

export const signalFamily = (pid: number, signal: NodeJS.Signals): void => {
  const family = signal === 'SIGCONT' ? familyOf(pid) : stoppedFamily(pid)
  for (const member of family) signalOne(member, signal)
}

/** Who is found is stopped before others are looked for: what is forked meanwhile would be missed, and outlive a kill. */
const stoppedFamily = (pid: number): number[] => {
  for (let before = 0; ; ) {
    const family = familyOf(pid)
    for (const member of family) signalOne(member, 'SIGSTOP')
    if (family.length === before && family.every((member) => isHeld(member, family))) return family
    before = family.length
  }
}

/** Starts no more processes until it is told to go on. */
const isHeld = (pid: number, family: readonly number[]): boolean =>
  isStopped(pid) || waitsForStopped(pid, family)

/** Or gone. */
const isStopped = (pid: number): boolean => ['T', 't', 'Z', 'X', undefined].includes(stateOf(pid))

/** vfork(2): a parent sleeps, deaf to SIGSTOP, until its child has begun another program, which one that is stopped before never does. */
const waitsForStopped = (pid: number, family: readonly number[]): boolean =>
  stateOf(pid) === 'D' && family.some((member) => parentOf(member) === pid && isStopped(member))

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

const stateOf = (pid: number): string | undefined => fieldsOf(pid)?.[0]

/** 0 if the process is gone. */
const parentOf = (pid: number): number => Number(fieldsOf(pid)?.[1] ?? 0)

/** proc(5): the fields of stat from the third on (state, parent, …); the second is a name in parentheses. Undefined: the process is gone. */
const fieldsOf = (pid: number): string[] | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}
