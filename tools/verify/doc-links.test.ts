import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { temporaryFolder } from '@relais/testing/temporary-folder.ts'
import { anchorsOf, brokenLinks, linksOf } from './doc-links.ts'

const pages = async (context: TestContext, files: Record<string, string>) => {
  const root = await temporaryFolder(context)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return brokenLinks(
    root,
    Object.entries(files)
      .filter(([path]) => path.endsWith('.md'))
      .map(([path, text]) => ({ path, text })),
  )
}

test('links to files, folders and headings that are there are good', async (context) => {
  const broken = await pages(context, {
    'README.md':
      '[a](docs/a.md) [b](docs/a.md#the-one-idea) [c](docs) [d](#start) [e](docs/pic.svg "title")\n# Start',
    'docs/a.md': '# The one idea\n[back](../README.md)',
    'docs/pic.svg': '<svg/>',
  })
  assert.deepEqual(broken, [])
})

for (const [link, complaint] of [
  ['docs/b.md', 'README.md: docs/b.md leads nowhere'],
  ['../outside.md', 'README.md: ../outside.md leads nowhere'],
  ['docs/a.md#no', 'README.md: docs/a.md#no: there is no such heading'],
  ['#no', 'README.md: #no: there is no such heading'],
] as const) {
  test(`a link that leads nowhere is found: ${link}`, async (context) => {
    assert.deepEqual(await pages(context, { 'README.md': `[x](${link})`, 'docs/a.md': '# A' }), [complaint])
  })
}

test('links to other sites are not followed', () => {
  assert.deepEqual(linksOf('[a](https://a.example/x) [b](mailto:x@y.example)'), [])
})

test('what looks like a link inside of code is none', () => {
  assert.deepEqual(linksOf('`[a](b.md)`\n```\n[c](d.md)\n```\n[e](f.md)'), ['f.md'])
})

test('a picture inside of a link is part of its text', () => {
  assert.deepEqual(linksOf('[![x]](a.md)'), ['a.md'])
})

test('headings have the anchors that GitHub gives them', () => {
  const text =
    '# Relais: *the* `architecture`\n## 1 The parts\n## 1 The parts\n```\n# no heading\n```\n## Über uns\n'
  assert.deepEqual(
    [...anchorsOf(text)],
    ['relais-the-architecture', '1-the-parts', '1-the-parts-1', 'über-uns'],
  )
})
