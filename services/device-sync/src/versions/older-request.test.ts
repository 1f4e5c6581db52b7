import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { arbitraryNode } from '../../test/arbitrary-wbxml.ts'
import { contentOptionsOf } from '../classes/body-options.ts'
import type { EasVersion } from '../wbxml/code-page.ts'
import { ValueError } from '../wbxml/errors.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'
import { descendant, textChild } from '../wbxml/read.ts'
import { type Asker, inNewerWords } from './older-request.ts'

const asker = (version: EasVersion, htmlIn25 = false): Asker => ({ version, family: { htmlIn25 } })

const sync = (...options: readonly WbxmlNode[]) =>
  el('airsync:Sync', [
    el('airsync:Collections', [el('airsync:Collection', [el('airsync:Options', options)])]),
  ])

const bodiesOf = (request: WbxmlNode, of: Asker) => {
  const read = inNewerWords(request, of)
  const options = descendant(read, 'airsync:Collections', 'airsync:Collection', 'airsync:Options')
  const { bodies, mimeSupport } = contentOptionsOf(options)
  return { bodies: bodies.map(({ type, truncation }) => [type, truncation]), mimeSupport }
}

describe('Options of 2.5', () => {
  const truncations = [0, 512, 1024, 2048, 5120, 10_240, 20_480, 51_200, 102_400, undefined]
  for (const [value, size] of truncations.entries())
    test(`Truncation ${value} is ${size ?? 'no limit'}`, () => {
      const { bodies } = bodiesOf(sync(el('airsync:Truncation', value)), asker(25))
      assert.deepEqual(bodies, [['plain', size]])
    })
  test('without Truncation mean whole bodies', () => {
    assert.deepEqual(bodiesOf(sync(), asker(25)).bodies, [['plain', undefined]])
  })
  test('of an iPhone mean HTML, which it shows in the one body that there is', () => {
    assert.deepEqual(bodiesOf(sync(el('airsync:Truncation', 4)), asker(25, true)).bodies, [['html', 5120]])
  })
  test('with MIMESupport mean MIME too, cut by MIMETruncation', () => {
    const request = sync(el('airsync:MIMESupport', 2), el('airsync:MIMETruncation', 1))
    assert.deepEqual(bodiesOf(request, asker(25)), {
      bodies: [
        ['plain', undefined],
        ['mime', 4096],
      ],
      mimeSupport: 2,
    })
    assert.equal(bodiesOf(sync(el('airsync:MIMESupport', 0)), asker(25)).bodies.length, 1)
  })
  test('with a Truncation that never was are refused', () => {
    for (const value of [10, -1, 'x'])
      assert.throws(() => inNewerWords(sync(el('airsync:Truncation', value)), asker(25)), ValueError)
  })
  test('of later versions are left as they are', () => {
    const request = sync(el('airsync:MIMESupport', 2))
    for (const version of [120, 121, 140, 161] as const)
      assert.deepEqual(bodiesOf(request, asker(version)).bodies, [['plain', undefined]])
  })
})

test('a Fetch of 2.5 asks for all of a message, of later versions for what Options say', () => {
  const fetch = el('airsync:Fetch', [el('airsync:ServerId', 'a1')])
  assert.equal(textChild(inNewerWords(fetch, asker(25)), 'airsync:Truncation'), '9')
  for (const version of [120, 121, 140] as const) assert.deepEqual(inNewerWords(fetch, asker(version)), fetch)
})

describe('GetItemEstimate', () => {
  const estimate = el('getitemestimate:GetItemEstimate', [
    el('getitemestimate:Collections', [
      el('getitemestimate:Collection', [
        el('getitemestimate:Class', 'Email'),
        el('getitemestimate:CollectionId', 'inbox'),
        el('airsync:FilterType', 3),
        el('airsync:SyncKey', 'k'),
      ]),
    ]),
  ])
  const filterOf = (version: EasVersion) =>
    descendant(
      inNewerWords(estimate, asker(version)),
      'getitemestimate:Collections',
      'getitemestimate:Collection',
      'airsync:Options',
      'airsync:FilterType',
    )?.content
  test('up to 12.1 has its filter in the collection', () => {
    for (const version of [25, 120, 121] as const) assert.equal(filterOf(version), '3')
  })
  test('later has it in Options alone', () => assert.equal(filterOf(140), undefined))
})

test('a request from 14.0 on is the very same, whatever it is', () => {
  fc.assert(
    fc.property(arbitraryNode, fc.constantFrom(140 as const, 161 as const), (node, version) => {
      assert.equal(inNewerWords(node, asker(version)), node)
    }),
    { numRuns: 200 },
  )
})

test('whatever an older client sends is read or refused by a ValueError', () => {
  fc.assert(
    fc.property(arbitraryNode, fc.constantFrom(25 as const, 121 as const), (node, version) => {
      try {
        assert.equal(inNewerWords(node, asker(version)).tag, node.tag)
      } catch (error) {
        assert.ok(error instanceof ValueError, String(error))
      }
    }),
    { numRuns: 500 },
  )
})
