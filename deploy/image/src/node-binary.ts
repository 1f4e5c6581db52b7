import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { type Architecture, nodeNameOf } from './architecture.ts'
import { output } from './commit-files.ts'
import { withoutSymbols } from './elf.ts'
import { readTar } from './read-tar.ts'
import type { Entry } from './tar.ts'

/** SHA-512 of the npm package by architecture, as the registry gives it. */
export type NodePin = {
  readonly version: string
  readonly integrity: Readonly<Record<Architecture, string>>
}

/** Node's program and licence from its npm package for that architecture, without symbols. Errors: it isn't the pinned one. */
export const nodeBinary = async (
  pin: NodePin,
  architecture: Architecture,
  cache: string,
): Promise<readonly Entry[]> => {
  mkdirSync(cache, { recursive: true })
  const name = `node-linux-${nodeNameOf(architecture)}`
  const file = join(cache, `${name}-${pin.version}.tgz`)
  if (!existsSync(file)) await pack(`${name}@${pin.version}`, file, cache)
  const archive = readFileSync(file)
  const integrity = `sha512-${createHash('sha512').update(archive).digest('base64')}`
  if (integrity !== pin.integrity[architecture]) {
    rmSync(file)
    throw new Error(`${name}@${pin.version} is ${integrity}, which is not the pinned one`)
  }
  const inside = new Map(readTar(gunzipSync(archive)).map((entry) => [entry.path, entry]))
  const bytesOf = (path: string) => {
    const entry = inside.get(path)
    if (entry?.kind !== 'file') throw new Error(`${name} has no ${path}`)
    return entry.bytes
  }
  return [
    { kind: 'file', path: 'usr/bin/node', mode: 0o755, bytes: withoutSymbols(bytesOf('package/bin/node')) },
    { kind: 'file', path: 'usr/share/doc/node/LICENSE', mode: 0o644, bytes: bytesOf('package/LICENSE') },
  ]
}

const pack = async (what: string, file: string, cache: string): Promise<void> => {
  const into = join(cache, `npm-${process.pid}`)
  mkdirSync(into, { recursive: true })
  const printed = await output('npm', ['pack', '--silent', '--pack-destination', into, what], cache)
  renameSync(join(into, printed.toString().trim().split('\n').at(-1) ?? ''), file)
  rmSync(into, { recursive: true })
}
