import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { run } from './run.ts'

/**
 * A network namespace held by a file. Not made with `ip netns`, which binds /run/netns onto itself, and not entered with it: it
 * would hide the control groups.
 */
export const makeNamespace = async (file: string): Promise<void> => {
  if (existsSync(file)) return
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, '')
  await run('unshare', [`--net=${file}`, 'true'])
  await inside(file, 'ip', 'link', 'set', 'lo', 'up')
  await inside(file, 'sysctl', '-qw', 'net.ipv4.ip_forward=1')
}

export const inside = (file: string, program: string, ...args: readonly string[]): Promise<string> =>
  run('nsenter', [`--net=${file}`, program, ...args])

/** A cable between two namespaces. */
export const connect = async (
  one: { readonly namespace: string; readonly name: string },
  other: { readonly namespace: string; readonly name: string },
): Promise<void> => {
  const place = ['peer', 'name', other.name, 'netns', other.namespace]
  await inside(one.namespace, 'ip', 'link', 'add', one.name, 'type', 'veth', ...place)
}
