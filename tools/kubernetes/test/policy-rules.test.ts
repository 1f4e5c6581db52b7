import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { matches, type Pod, type Policy, type PolicyRule, policyTable, rulesOf } from '../src/policy-rules.ts'

type Some = { namespace?: string; labels?: Record<string, string>; phase?: string; hostNetwork?: boolean }

const pod = (podIP: string, { namespace = 'mail', labels = {}, phase, hostNetwork }: Some = {}): Pod => ({
  metadata: { name: podIP, namespace, labels },
  spec: { hostNetwork, containers: [{ ports: [{ name: 'grpc', containerPort: 7400 }] }] },
  status: { podIP, phase },
})
const namespaces = ['mail', 'edge'].map((name) => ({ metadata: { name, labels: { name } } }))
const pods = [
  pod('10.0.0.1', { labels: { app: 'one' } }),
  pod('10.0.0.2', { labels: { app: 'two' } }),
  pod('10.0.1.1', { namespace: 'edge', labels: { app: 'one' } }),
]
const one = { matchLabels: { app: 'one' } }

const policy = (spec: Partial<Policy['spec']>, namespace = 'mail'): Policy => ({
  metadata: { name: 'p', namespace },
  spec: { podSelector: {}, ...spec },
})
const ingress = (...rules: PolicyRule[]) => policy({ podSelector: one, ingress: rules })
const let_ = (given: Policy, direction: 'ingress' | 'egress' = 'ingress') =>
  rulesOf({ policies: [given], pods, namespaces }, direction).allowed.map((text) =>
    text.replace(/ return comment .*/, ''),
  )

describe('a selector', () => {
  const labels = { app: 'one', tier: 'front' }
  const cases = [
    ['that says nothing matches everything', {}, true],
    ['by labels', { matchLabels: { app: 'one' } }, true],
    ['by another label', { matchLabels: { app: 'two' } }, false],
    ['In', { matchExpressions: [{ key: 'app', operator: 'In', values: ['one', 'two'] }] }, true],
    [
      'In, of a label that is missing',
      { matchExpressions: [{ key: 'x', operator: 'In', values: ['1'] }] },
      false,
    ],
    ['NotIn', { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['one'] }] }, false],
    [
      'NotIn, of a label that is missing',
      { matchExpressions: [{ key: 'x', operator: 'NotIn', values: ['1'] }] },
      true,
    ],
    ['Exists', { matchExpressions: [{ key: 'tier', operator: 'Exists' }] }, true],
    ['DoesNotExist', { matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] }, false],
    ['of which one condition fails', { matchLabels: { app: 'one', tier: 'back' } }, false],
  ] as const
  for (const [what, selector, wanted] of cases)
    test(`${what}: ${wanted}`, () => assert.equal(matches(selector, labels), wanted))
})

describe('a policy', () => {
  test('shuts the pods that it selects, in its own namespace alone', () => {
    const { isolated } = rulesOf({ policies: [ingress()], pods, namespaces }, 'ingress')
    assert.deepEqual(isolated, ['10.0.0.1'])
  })

  test('without types is about what comes in, and about what goes out only if it says something of it', () => {
    const closed = (given: Policy, direction: 'ingress' | 'egress') =>
      rulesOf({ policies: [given], pods, namespaces }, direction).isolated.length > 0
    assert.deepEqual([closed(policy({}), 'ingress'), closed(policy({}), 'egress')], [true, false])
    assert.equal(closed(policy({ egress: [] }), 'egress'), true)
    assert.equal(closed(policy({ policyTypes: ['Egress'] }), 'ingress'), false)
  })

  test('without rules lets nobody in', () => assert.deepEqual(let_(ingress()), []))

  test('with an empty rule lets everybody in', () =>
    assert.deepEqual(let_(ingress({})), ['ip daddr { 10.0.0.1 }']))

  test('lets in pods of its own namespace by their labels', () =>
    assert.deepEqual(let_(ingress({ from: [{ podSelector: { matchLabels: { app: 'two' } } }] })), [
      'ip daddr { 10.0.0.1 } ip saddr { 10.0.0.2 }',
    ]))

  test('lets in pods of other namespaces only where it selects namespaces', () => {
    const from = [{ namespaceSelector: { matchLabels: { name: 'edge' } }, podSelector: one }]
    assert.deepEqual(let_(ingress({ from })), ['ip daddr { 10.0.0.1 } ip saddr { 10.0.1.1 }'])
  })

  test('whose peers don’t exist lets nobody in', () =>
    assert.deepEqual(let_(ingress({ from: [{ podSelector: { matchLabels: { app: 'three' } } }] })), []))

  test('lets addresses in, but for those it excepts', () => {
    const from = [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16', '10.2.0.0/16'] } }]
    assert.deepEqual(let_(ingress({ from })), [
      'ip daddr { 10.0.0.1 } ip saddr 10.0.0.0/8 ip saddr != { 10.1.0.0/16, 10.2.0.0/16 }',
    ])
  })

  test('opens ports: by number, by range, by protocol, and by the name that the receiver gives', () => {
    const ports = [
      { port: 80 },
      { port: 8000, endPort: 8010 },
      { protocol: 'UDP' },
      { port: 'grpc' },
      { port: 'nothing' },
    ]
    assert.deepEqual(
      let_(ingress({ ports })).map((text) => text.replace('ip daddr { 10.0.0.1 } ', '')),
      ['tcp dport 80', 'tcp dport 8000-8010', 'meta l4proto udp', 'tcp dport 7400'],
    )
  })

  test('lets out as it lets in, with sides changed', () => {
    const to = [{ podSelector: { matchLabels: { app: 'two' } } }]
    assert.deepEqual(
      let_(policy({ podSelector: one, egress: [{ to, ports: [{ port: 'grpc' }] }] }), 'egress'),
      ['ip saddr { 10.0.0.1 } ip daddr { 10.0.0.2 } tcp dport 7400'],
    )
  })

  test('is not about pods that have ended, that have no address, or that use the node’s', () => {
    const gone = [
      pod('10.0.0.1', { phase: 'Succeeded' }),
      pod('10.0.0.2', { hostNetwork: true }),
      { ...pod('x'), status: {} },
    ]
    const { isolated } = rulesOf({ policies: [policy({})], pods: gone, namespaces }, 'ingress')
    assert.deepEqual(isolated, [])
  })
})

test('the table is the same whatever the order in which the API server lists pods', () => {
  const policies = [ingress({ from: [{ namespaceSelector: {} }], ports: [{ port: 'grpc' }] })]
  fc.assert(
    fc.property(fc.shuffledSubarray(pods, { minLength: pods.length }), (shuffled) => {
      assert.equal(
        policyTable({ policies, pods: shuffled, namespaces }),
        policyTable({ policies, pods, namespaces }),
      )
    }),
  )
})
