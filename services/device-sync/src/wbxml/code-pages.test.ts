import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { codePages, knownIn, tagNames, tagPlaces } from './code-pages.ts'

type SharedToken = { token: string; tag: string; versions: string[] }
type SharedPage = { page: number; namespace: string; prefix: string; tokens: SharedToken[] }

const shared = new URL('../../../../../shared/eas/wbxml-codepages.json', import.meta.url)
const versions = { 25: '2.5', 120: '12.0', 121: '12.1', 140: '14.0', 141: '14.1', 160: '16.0', 161: '16.1' }

test('every page stands at its own number', () => {
  assert.equal(codePages.length, 26)
  codePages.forEach((page, index) => {
    assert.equal(page.page, index, page.namespace)
  })
})

test('no token of a page means two tags, and none is a global token', () => {
  for (const page of codePages) {
    const tokens = Object.values(page.tags).map(([token]) => token)
    assert.equal(new Set(tokens).size, tokens.length, page.namespace)
    assert.ok(
      tokens.every((token) => token >= 0x05 && token <= 0x3f),
      page.namespace,
    )
  }
})

test('names by token and tokens by name agree', () => {
  let tags = 0
  for (const [tag, place] of tagPlaces) {
    assert.equal(tagNames[place.page]?.[place.token], tag)
    tags += 1
  }
  assert.equal(tags, 655)
})

test('MS-ASWBXML: Location of Email is known up to 14.1, its successor in AirSyncBase from 16.0', () => {
  assert.ok(knownIn('email:Location', 141))
  assert.ok(!knownIn('email:Location', 160))
  assert.ok(!knownIn('airsyncbase:Location', 141))
  assert.ok(knownIn('airsyncbase:Location', 161))
})

test('a reserved tag belongs to no version', () => {
  assert.ok(!knownIn('search:Stores', 25))
  assert.ok(!knownIn('search:Stores', 161))
})

test('MS-ASWBXML: page 25 has gaps at 0F, 10 and 1A to 1F', () => {
  for (const token of [0x0f, 0x10, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f])
    assert.equal(tagNames[25]?.[token], undefined)
})

test('pages, tokens and versions equal the specification', (t) => {
  if (!existsSync(shared)) return t.skip('shared/eas/wbxml-codepages.json is not here')
  const { pages } = JSON.parse(readFileSync(shared, 'utf8')) as { pages: SharedPage[] }
  const theirs = pages.flatMap((page) =>
    page.tokens.map(({ token, tag, versions }) => [
      page.prefix,
      page.namespace,
      Number(token),
      tag,
      versions,
    ]),
  )
  const ours = codePages.flatMap((page) =>
    Object.entries(page.tags).map(([tag, [token, since = 25, until = 161]]) => [
      page.prefix,
      page.namespace,
      token,
      tag,
      Object.entries(versions)
        .filter(([number]) => Number(number) >= since && Number(number) <= until)
        .map(([, name]) => name),
    ]),
  )
  assert.deepEqual(ours, theirs)
})
