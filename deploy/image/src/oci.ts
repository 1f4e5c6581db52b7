import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { Architecture } from './architecture.ts'
import { type Entry, writeTar } from './tar.ts'

export type Layer = { readonly name: string; readonly entries: readonly Entry[] }

/** One image for one architecture. */
export type Image = {
  readonly architecture: Architecture
  readonly layers: readonly Layer[]
  readonly at: Date
  /** What a container of it runs and as whom, in the words of OCI's configuration. */
  readonly config: Readonly<Record<string, unknown>>
  readonly annotations: Readonly<Record<string, string>>
}

const LAYOUT = 'application/vnd.oci'
const TYPES = {
  index: `${LAYOUT}.image.index.v1+json`,
  manifest: `${LAYOUT}.image.manifest.v1+json`,
  config: `${LAYOUT}.image.config.v1+json`,
  layer: `${LAYOUT}.image.layer.v1.tar+gzip`,
} as const

type Blob = { readonly digest: string; readonly bytes: Buffer; readonly mediaType: string }

const digestOf = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
const blob = (mediaType: string, bytes: Buffer): Blob => ({ digest: digestOf(bytes), bytes, mediaType })
const json = (mediaType: string, value: unknown) => blob(mediaType, Buffer.from(JSON.stringify(value)))
const descriptor = ({ digest, bytes, mediaType }: Blob) => ({ mediaType, digest, size: bytes.length })

type Written = {
  readonly manifest: Blob
  readonly configuration: Blob
  readonly layers: readonly Blob[]
  readonly architecture: Architecture
}

const writtenImage = ({ architecture, layers, at, config, annotations }: Image): Written => {
  const made = layers.map(({ name, entries }) => {
    const tar = writeTar(entries)
    return { name, diff: digestOf(tar), blob: blob(TYPES.layer, gzipSync(tar, { level: 6 })) }
  })
  const created = at.toISOString()
  const configuration = json(TYPES.config, {
    ...{ created, architecture, os: 'linux', config },
    ...(architecture === 'arm64' ? { variant: 'v8' } : {}),
    rootfs: { type: 'layers', diff_ids: made.map(({ diff }) => diff) },
    history: made.map(({ name }) => ({ created, created_by: `deploy/image: ${name}` })),
  })
  const manifest = json(TYPES.manifest, {
    ...{ schemaVersion: 2, mediaType: TYPES.manifest, config: descriptor(configuration) },
    ...{ layers: made.map((layer) => descriptor(layer.blob)), annotations },
  })
  return { manifest, configuration, layers: made.map((layer) => layer.blob), architecture }
}

const blobsOf = ({ manifest, configuration, layers }: Written): readonly Blob[] => [
  manifest,
  configuration,
  ...layers,
]

const pathOf = ({ digest }: Blob): string => `blobs/${digest.replace(':', '/')}`

/** What Docker's engine looks for in an archive; it has one image of a name, so of several architectures it is told of the first. */
const forDocker = (name: string, [first]: readonly Written[]) =>
  first === undefined
    ? []
    : [{ Config: pathOf(first.configuration), RepoTags: [name], Layers: first.layers.map(pathOf) }]

export type Archive = {
  /** A tar of an OCI image layout (OCI image specification 1.1), to be imported or pushed as it is; `docker load` reads it too. */
  readonly bytes: Buffer
  /** Of the index: what an installation names. */
  readonly digest: string
}

/** The images, one for each architecture, as one archive under this name: the same bytes for the same images. */
export const writeArchive = (name: string, images: readonly Image[]): Archive => {
  const written = images.map(writtenImage)
  const index = json(TYPES.index, {
    ...{ schemaVersion: 2, mediaType: TYPES.index },
    manifests: written.map(({ manifest, architecture }) => ({
      ...descriptor(manifest),
      platform: { architecture, os: 'linux', ...(architecture === 'arm64' ? { variant: 'v8' } : {}) },
    })),
  })
  const top = {
    ...{ schemaVersion: 2, mediaType: TYPES.index },
    manifests: [
      {
        ...descriptor(index),
        annotations: {
          'io.containerd.image.name': name,
          'org.opencontainers.image.ref.name': name.slice(name.lastIndexOf(':') + 1),
        },
      },
    ],
  }
  const blobs = new Map([index, ...written.flatMap(blobsOf)].map((one) => [one.digest, one]))
  const file = (path: string, bytes: Buffer): Entry => ({ kind: 'file', path, mode: 0o644, bytes })
  const bytes = writeTar([
    file('oci-layout', Buffer.from('{"imageLayoutVersion":"1.0.0"}')),
    file('index.json', Buffer.from(JSON.stringify(top))),
    file('manifest.json', Buffer.from(JSON.stringify(forDocker(name, written)))),
    ...[...blobs.values()].map((one) => file(pathOf(one), one.bytes)),
  ])
  return { bytes, digest: index.digest }
}
