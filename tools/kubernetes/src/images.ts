import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ownArchitecture } from '@relais/image/src/architecture.ts'
import { makeImage } from '@relais/image/src/image.ts'
import { type Image, writeArchive } from '@relais/image/src/oci.ts'
import type { Entry } from '@relais/image/src/tar.ts'
import { pinnedProgram, pinnedPrograms } from '@relais/servers'
import { PAUSE_IMAGE } from './node-files.ts'
import { postgresEntries, postgresKey } from './postgres-image.ts'
import { run } from './run.ts'

/** An image as it is named in pods, and the file of its OCI archive. */
export type ImageFile = { readonly name: string; readonly file: string }

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

const cacheFolder = (): string => {
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'relais', 'cluster-images')
  mkdirSync(folder, { recursive: true })
  return folder
}

/** Of the archives: another one where they are written in another way. */
const FORM = 2

/** Made once for each key, which says what it is made of. */
const kept = async (key: string, name: string, make: () => Promise<readonly Image[]>): Promise<ImageFile> => {
  const digest = createHash('sha256').update(`${FORM} ${key} ${name}`).digest('hex').slice(0, 16)
  const prefix = join(cacheFolder(), `${name.replaceAll(/[^a-z0-9.]+/g, '-')}-`)
  const file = `${prefix}${digest}.tar`
  if (!existsSync(file)) {
    const half = `${file}.${process.pid}`
    writeFileSync(half, writeArchive(name, await make()).bytes)
    renameSync(half, file)
    forgetOld(prefix)
  }
  return { name, file }
}

const FORGOTTEN_AFTER_MS = 3 * 86_400_000

/** Of a product in work there is another image with every commit. */
const forgetOld = (prefix: string): void => {
  const [folder, start] = [dirname(prefix), basename(prefix)]
  for (const name of readdirSync(folder).filter((one) => one.startsWith(start))) {
    const file = join(folder, name)
    if (statSync(file).mtimeMs < Date.now() - FORGOTTEN_AFTER_MS) rmSync(file)
  }
}

type Simple = {
  readonly entries: readonly Entry[]
  readonly entrypoint: readonly string[]
  readonly user?: number
  readonly env?: readonly string[]
}

const simpleImage = ({ entries, entrypoint, user = 65532, env = ['PATH=/'] }: Simple): Image => ({
  architecture: ownArchitecture(),
  layers: [{ name: 'the program', entries: [...entries, { kind: 'folder', path: 'tmp', mode: 0o1777 }] }],
  at: new Date(0),
  config: { User: `${user}:${user}`, Entrypoint: entrypoint, Env: env },
  annotations: {},
})

const programEntry = (name: string, path: string): Entry => ({
  ...{ kind: 'file', path: name, mode: 0o755 },
  bytes: readFileSync(path),
})

/** An image of one program alone, statically linked. */
const programImage = async (program: string, name: string): Promise<ImageFile> => {
  const path = await pinnedProgram(program)
  return kept(basename(path), name, async () => [
    simpleImage({ entries: [programEntry(program, path)], entrypoint: [`/${program}`] }),
  ])
}

export const NAMES_IMAGE = 'localhost/coredns:1'

/** What every node needs. */
export const systemImages = async (): Promise<readonly ImageFile[]> => [
  await programImage('pause', PAUSE_IMAGE),
  await programImage('coredns', NAMES_IMAGE),
]

/** Images of the servers beside Relais, by their key in the chart's `trial.images`. */
export type ServerImages = Readonly<Record<'nats' | 'postgres' | 's3', ImageFile>>

export const serverImages = async (): Promise<ServerImages> => ({
  nats: await programImage('nats-server', 'localhost/nats:trial'),
  s3: await programImage('versitygw', 'localhost/versitygw:trial'),
  postgres: await kept(postgresKey(), 'localhost/postgres:trial', async () => [
    simpleImage({
      ...{ entries: await postgresEntries(), entrypoint: ['/bin/sh', '/entry.sh'], user: 999 },
      env: ['PATH=/postgres/bin:/bin', 'LC_ALL=C', 'PGDATA=/tmp/data'],
    }),
  ]),
})

/** Images of what tells the controller of HorizontalPodAutoscalers how much there is to do. */
export type AutoscalerImages = Readonly<Record<'metricsServer' | 'keda', ImageFile>>

/** Go builds KEDA once: that takes more than ten minutes of two cores. */
export const autoscalerImages = async (): Promise<AutoscalerImages> => {
  const folder = await pinnedPrograms('keda')
  return {
    metricsServer: await programImage('metrics-server', 'localhost/metrics-server:1'),
    keda: await kept(basename(folder), 'localhost/keda:1', async () => [
      simpleImage({
        // By the names that its manifests call them by.
        entries: [
          programEntry('keda', join(folder, 'operator')),
          programEntry('keda-adapter', join(folder, 'adapter')),
        ],
        entrypoint: ['/keda'],
      }),
    ]),
  }
}

/** A controller of Gateway API. Go builds it once: that takes minutes. */
export const gatewayImage = (): Promise<ImageFile> => programImage('traefik', 'localhost/traefik:1')

/** The product's image of a commit. */
export const relaisImage = async (tag: string, reference = 'HEAD'): Promise<ImageFile> => {
  const commit = (await run('git', ['rev-parse', `${reference}^{commit}`], { cwd: ROOT })).trim()
  const cache = join(dirname(cacheFolder()), 'image')
  return kept(commit, `localhost/relais:${tag}`, async () => {
    const { image } = await makeImage({ root: ROOT, commit, architecture: ownArchitecture(), cache })
    return [image]
  })
}
