import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LocalRelais } from './local-relais.ts'
import { RelaisCluster } from './relais-cluster.ts'
import { RelaisContainer } from './relais-container.ts'
import { relaisIn } from './relais-in.ts'

test('a suite runs in one process where nobody says otherwise', () => {
  assert.ok(relaisIn(undefined) instanceof LocalRelais)
  assert.ok(relaisIn('standalone') instanceof LocalRelais)
})

test('a form is chosen by its name', () => {
  assert.ok(relaisIn('cluster') instanceof LocalRelais)
  assert.ok(relaisIn('container') instanceof RelaisContainer)
  assert.ok(relaisIn('containers', 'registry.example/relais:1') instanceof RelaisCluster)
})

test('a form that is none is named', () => {
  for (const none of ['docker', 'toString', ''])
    assert.throws(() => relaisIn(none), /is none of standalone, cluster, container, containers/)
})
