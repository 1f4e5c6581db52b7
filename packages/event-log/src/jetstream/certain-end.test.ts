import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StreamInfo } from '@nats-io/jetstream'
import { certainEnd } from './certain-end.ts'

const MS = 1e6

type Replica = { readonly heardMs: number; readonly offline?: boolean }

/** What a leader says when it has last heard of the others so long ago; undefined: there are no others. */
const endOf = (replicas: readonly Replica[] | undefined, last = 9) => {
  const others = replicas?.map(({ heardMs, offline }) => ({ active: heardMs * MS, offline }))
  const cluster = others && { leader: 'n1', replicas: others }
  return certainEnd({ info: async () => ({ cluster, state: { last_seq: last } }) as unknown as StreamInfo })
}

const LOST = /lacks what was there already/

test('a single server is believed: there is nobody else that could lead', async () => {
  assert.equal(await endOf(undefined), 9)
  assert.equal(await endOf([]), 9)
})

test('a leader that has just heard of most is believed, also with one of three gone', async () => {
  assert.equal(await endOf([{ heardMs: 400 }, { heardMs: 900 }]), 9)
  assert.equal(await endOf([{ heardMs: 400 }, { heardMs: 60_000, offline: true }]), 9)
})

test('one that was stopped or cut off for longer than an election takes is not: there may be another, with more', async () => {
  await assert.rejects(endOf([{ heardMs: 4_000 }, { heardMs: 11_000 }]), LOST)
  await assert.rejects(endOf([{ heardMs: 3_000 }, { heardMs: 3_000 }]), LOST)
  await assert.rejects(
    endOf([
      { heardMs: 10, offline: true },
      { heardMs: 20, offline: true },
    ]),
    LOST,
  )
})

test('of five most are three', async () => {
  const gone = { heardMs: 9_000 }
  assert.equal(await endOf([{ heardMs: 1 }, { heardMs: 1 }, gone, gone]), 9)
  await assert.rejects(endOf([{ heardMs: 1 }, gone, gone, gone]), LOST)
})

test('the end of an empty log is 0', async () => {
  assert.equal(await endOf([{ heardMs: 1 }, { heardMs: 1 }], 0), 0)
})
