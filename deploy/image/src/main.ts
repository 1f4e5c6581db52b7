// node deploy/image/src/main.ts: makes Relais' image of a commit from packages alone: no base to pull, no daemon.
import { mkdirSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { ARCHITECTURES, type Architecture, ownArchitecture } from './architecture.ts'
import { makeImage } from './image.ts'
import { writeArchive } from './oci.ts'
import type { Entry } from './tar.ts'
import { unpack } from './unpack.ts'

const USAGE = `Usage: node deploy/image/src/main.ts [options]

  --out FOLDER           where image.tar (OCI layout) and sbom-ARCHITECTURE.cdx.json are written (default: image)
  --name NAME:TAG        what it is called (default: localhost/relais:dev)
  --commit REFERENCE     which commit is put in (default: HEAD)
  --folder FOLDER        also write what a container sees into this folder, of the last architecture
  --architecture NAME    ${ARCHITECTURES.join(' or ')}; may be given twice (default: this machine's)
`

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'image' },
    name: { type: 'string', default: 'localhost/relais:dev' },
    commit: { type: 'string', default: 'HEAD' },
    folder: { type: 'string' },
    architecture: { type: 'string', multiple: true },
    help: { type: 'boolean', default: false },
  },
})

const architectureOf = (text: string): Architecture => {
  const found = ARCHITECTURES.find((one) => one === text)
  if (!found) throw new Error(`--architecture is ${ARCHITECTURES.join(' or ')}, not ${text}`)
  return found
}

const run = async () => {
  const root = fileURLToPath(new URL('../../../', import.meta.url))
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'relais', 'image')
  const architectures = (values.architecture ?? [ownArchitecture()]).map(architectureOf)
  mkdirSync(values.out, { recursive: true })
  const images = []
  for (const architecture of architectures) {
    const { image, sbom } = await makeImage({ root, commit: values.commit, architecture, cache })
    writeFileSync(join(values.out, `sbom-${architecture}.cdx.json`), sbom)
    images.push(image)
  }
  if (values.folder !== undefined)
    unpack(images.at(-1)?.layers.flatMap(({ entries }) => entries) ?? [], values.folder)
  const archive = writeArchive(values.name, images)
  writeFileSync(join(values.out, 'image.tar'), archive.bytes)
  const unpacked = images.map(
    ({ architecture, layers }) =>
      `${architecture} ${Math.round(sizeOf(layers.flatMap(({ entries }) => entries)) / 1e6)} MB unpacked`,
  )
  process.stdout.write(
    `${values.name}@${archive.digest}\n${join(values.out, 'image.tar')}: ${Math.round(archive.bytes.length / 1e6)} MB; ${unpacked.join(', ')}\n`,
  )
}

const sizeOf = (entries: readonly Entry[]) =>
  entries.reduce((total, entry) => total + (entry.kind === 'file' ? entry.bytes.length : 0), 0)

if (values.help) process.stdout.write(USAGE)
else
  await run().catch((error: Error) => {
    process.stderr.write(`relais: ${error.message}\n`)
    process.exitCode = 1
  })
