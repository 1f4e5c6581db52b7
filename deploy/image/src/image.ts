import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Architecture } from './architecture.ts'
import { type Commit, filesOfCommit } from './commit-files.ts'
import { type DebianPackage, debianLibraries } from './debian.ts'
import { installedFor } from './installed.ts'
import { type NodePin, nodeBinary } from './node-binary.ts'
import type { Image, Layer } from './oci.ts'
import { sbomOf } from './sbom.ts'
import type { Entry } from './tar.ts'
import { shippedFiles, type Workspace, workspacesFor } from './workspaces.ts'

export type Pins = { readonly node: NodePin; readonly debian: readonly DebianPackage[] }

export type ImageOrder = {
  readonly root: string
  /** Of Git: what is put in is this commit's. */
  readonly commit: string
  readonly architecture: Architecture
  /** Folder for what was downloaded. */
  readonly cache: string
}

/** What an image's container may be told to run. */
export const WORKSPACES = [
  'administration',
  'cli',
  'device-sync',
  'directory',
  'mail',
  'mail-transport',
  'standalone',
]
  .map((service) => `services/${service}`)
  .concat('deploy/check')

const ROOT_FILES = ['package.json', 'LICENSE']
/** In the image everything of ours lies here. */
const HOME = 'relais'
const START = 'deploy/image/bin/start.ts'
const USER = 65532

/** The image of one commit for one architecture, and the list of what is in it (CycloneDX). */
export const makeImage = async ({
  root,
  commit: reference,
  architecture,
  cache,
}: ImageOrder): Promise<{ readonly image: Image; readonly sbom: string }> => {
  const pins = readPins(root)
  const commit = await commitOf(root, reference)
  const { workspaces, app } = appOf(commit)
  const installed = installedFor(root, workspaces)
  const runtime = [
    ...(await debianLibraries(pins.debian, architecture, cache)),
    ...(await nodeBinary(pins.node, architecture, cache)),
    ...systemFiles(),
  ]
  const version = versionOf(commit)
  const sbom = sbomOf({
    ...{ version, commit: commit.id, at: commit.at, architecture, node: pins.node.version },
    ...{ debian: pins.debian, packages: installed.packages },
  })
  const layers: Layer[] = [
    { name: 'libraries and Node', entries: runtime },
    { name: 'packages', entries: under(HOME, installed.entries) },
    { name: 'Relais', entries: under(HOME, [...app, text('sbom.cdx.json', sbom)]) },
  ]
  return {
    sbom,
    image: { architecture, layers, at: commit.at, config: CONFIG, annotations: labels(version, commit) },
  }
}

export const readPins = (root: string): Pins =>
  JSON.parse(readFileSync(join(root, 'deploy/image/pins.json'), 'utf8'))

export const commitOf = (root: string, reference: string): Promise<Commit> =>
  filesOfCommit(root, reference, ['packages', 'services', 'deploy', ...ROOT_FILES])

/** Of a commit what runs for users. */
export const appOf = (
  commit: Commit,
): { readonly workspaces: readonly Workspace[]; readonly app: readonly Entry[] } => {
  const workspaces = workspacesFor(commit.files, WORKSPACES)
  const alone = commit.files.filter(({ path }) => ROOT_FILES.includes(path) || path === START)
  return { workspaces, app: [...alone, ...shippedFiles(commit.files, workspaces)] }
}

const versionOf = (commit: Commit): string => {
  const manifest = commit.files.find(({ path }) => path === 'package.json')
  if (manifest?.kind !== 'file') throw new Error('the commit has no package.json')
  return JSON.parse(Buffer.from(manifest.bytes).toString()).version
}

const under = (folder: string, entries: readonly Entry[]): Entry[] =>
  entries.map((entry) => ({ ...entry, path: `${folder}/${entry.path}` }))

const text = (path: string, content: string): Entry => ({
  ...{ kind: 'file', path, mode: 0o644 },
  bytes: Buffer.from(content),
})

const systemFiles = (): readonly Entry[] => [
  text('etc/passwd', `root:x:0:0:root:/:/nologin\nrelais:x:${USER}:${USER}:relais:/relais:/nologin\n`),
  text('etc/group', `root:x:0:\nrelais:x:${USER}:\n`),
  text('etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files dns\n'),
  { kind: 'folder', path: 'tmp', mode: 0o1777 },
  // Where a container's runtime mounts the kernel's.
  ...['dev', 'proc', 'sys'].map((path): Entry => ({ kind: 'folder', path, mode: 0o755 })),
]

/** The old generation takes 60 % of the container's memory at most. What only services with waiting phones need, the chart tells them. */
export const HEAP: readonly string[] = ['--max-old-space-size-percentage=60']

const CONFIG = {
  User: `${USER}:${USER}`,
  Env: ['PATH=/usr/bin', 'NODE_ENV=production'],
  Entrypoint: ['/usr/bin/node', ...HEAP, `/${HOME}/${START}`],
  Cmd: ['--help'],
  WorkingDir: '/tmp',
  StopSignal: 'SIGTERM',
}

const labels = (version: string, commit: Commit) => ({
  'org.opencontainers.image.title': 'Relais',
  'org.opencontainers.image.version': version,
  'org.opencontainers.image.revision': commit.id,
  'org.opencontainers.image.licenses': 'Apache-2.0',
  'org.opencontainers.image.created': commit.at.toISOString(),
})
