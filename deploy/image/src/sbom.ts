import { createHash } from 'node:crypto'
import type { Architecture } from './architecture.ts'
import type { DebianPackage } from './debian.ts'
import type { InstalledPackage } from './installed.ts'

export type Contents = {
  readonly version: string
  readonly commit: string
  readonly at: Date
  readonly architecture: Architecture
  readonly node: string
  readonly debian: readonly DebianPackage[]
  readonly packages: readonly InstalledPackage[]
}

type Component = {
  readonly type: string
  readonly name: string
  readonly version: string
  readonly purl: string
  readonly licenses?: readonly object[]
}

/** What is in the image, as CycloneDX 1.6 in JSON: the same bytes for the same contents. */
export const sbomOf = (contents: Contents): string => {
  const components = [
    nodeComponent(contents),
    ...contents.debian.map(debianComponent(contents)),
    ...npm(contents),
  ]
  const body = {
    version: 1,
    metadata: {
      timestamp: contents.at.toISOString(),
      component: {
        ...{ type: 'container', 'bom-ref': 'relais', name: 'relais', version: contents.version },
        licenses: [{ expression: 'Apache-2.0' }],
        properties: [
          { name: 'relais:commit', value: contents.commit },
          { name: 'relais:architecture', value: contents.architecture },
        ],
      },
    },
    components: components.map((component) => ({ 'bom-ref': component.purl, ...component })),
  }
  const serialNumber = `urn:uuid:${uuidOf(JSON.stringify(body))}`
  return `${JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.6', serialNumber, ...body }, null, 1)}\n`
}

const nodeComponent = ({ node, architecture }: Contents): Component => ({
  ...{ type: 'application', name: 'node', version: node, licenses: [{ license: { id: 'MIT' } }] },
  purl: `pkg:npm/node-linux-${architecture === 'amd64' ? 'x64' : architecture}@${node}`,
})

const debianComponent =
  ({ architecture }: Contents) =>
  ({ name, version }: DebianPackage): Component => ({
    ...{ type: 'library', name, version },
    purl: `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}`,
  })

/** One package may be there in two forms that differ only in what stands beside them. */
const npm = ({ packages }: Contents): readonly Component[] => [
  ...new Map(
    packages.map(({ name, version, license }) => {
      const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`
      const licenses = license === 'NOASSERTION' ? {} : { licenses: [{ expression: license }] }
      return [purl, { type: 'library', name, version, purl, ...licenses }]
    }),
  ).values(),
]

/** A version 8 UUID (RFC 9562) of the text. */
const uuidOf = (text: string): string => {
  const hash = createHash('sha256').update(text).digest()
  hash[6] = (hash.readUInt8(6) & 0x0f) | 0x80
  hash[8] = (hash.readUInt8(8) & 0x3f) | 0x80
  const hex = hash.toString('hex', 0, 16)
  return [
    [0, 8],
    [8, 12],
    [12, 16],
    [16, 20],
    [20, 32],
  ]
    .map(([from, to]) => hex.slice(from, to))
    .join('-')
}
