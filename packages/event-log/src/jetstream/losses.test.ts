import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StreamInfo } from '@nats-io/jetstream'
import { CommitsLostError } from '../port.ts'
import type { LogMessage } from './log-api.ts'
import { type LogAlarm, Losses } from './losses.ts'
import { messageAt } from './messages.fixture.ts'

const SUBJECT = 'log.acme.mike.mail'
const COMMIT = messageAt(5, { account: 'mike', previous: 0 })

type State = {
  leader?: LogMessage | undefined
  /** What the replicas have, one after the other. */
  replicas?: (LogMessage | undefined)[]
  erased?: number
  head?: number
  loss?: { subject: string; position: number } | undefined
}

const lossesOf = (state: State = {}, confirm = 0) => {
  const alarms: LogAlarm[] = []
  const kept: number[] = []
  const replicas = [...(state.replicas ?? [])]
  const losses = new Losses({
    api: {
      leaderAt: async () => state.leader,
      batch: async () => ({ messages: [replicas.shift()].filter((one) => one !== undefined), pending: 0 }),
      info: async () => ({ state: { last_seq: state.head ?? 0 } }) as StreamInfo,
    },
    ledger: {
      erasedUpTo: async () => state.erased ?? 0,
      keepLoss: async (_subject, position) => void kept.push(position),
      loss: async () => state.loss,
    },
    onAlarm: (alarm) => alarms.push(alarm),
    confirm,
    closed: new AbortController().signal,
  })
  return { losses, alarms, kept }
}

const damaged: LogAlarm = { kind: 'replica-damaged', subject: SUBJECT, position: 5 }
const lost: LogAlarm = { kind: 'commit-lost', subject: SUBJECT, position: 5 }

/** Lets what goes on in the background end. */
const settled = async (alarms: readonly LogAlarm[]) => {
  for (let turns = 0; turns < 1000 && alarms.length === 0; turns++) await new Promise(setImmediate)
}

test('a commit that the leader has is had from it, and a replica that goes on lacking it is damaged', async () => {
  const { losses, alarms } = lossesOf({ leader: COMMIT, replicas: [COMMIT, COMMIT, undefined] })
  assert.equal(await losses.find(SUBJECT, 5), COMMIT)
  await settled(alarms)
  assert.deepEqual(alarms, [damaged])
})

test('a replica that was just being given what it missed is not damaged', async () => {
  const { losses, alarms } = lossesOf({ leader: COMMIT, replicas: Array.from({ length: 100 }, () => COMMIT) })
  assert.equal(await losses.find(SUBJECT, 5), COMMIT)
  await settled(alarms)
  assert.deepEqual(alarms, [])
})

test('a commit that only some other replica has is had from that', async () => {
  const other = messageAt(7, { account: 'mike', previous: 5 })
  const { losses, alarms } = lossesOf({ replicas: [undefined, other, COMMIT] })
  assert.equal(await losses.find(SUBJECT, 5), COMMIT)
  await settled(alarms)
  assert.deepEqual(alarms, [damaged])
})

test('a commit of an account that was erased needn’t be there, and is no alarm', async () => {
  const { losses, alarms } = lossesOf({ erased: 5 })
  assert.equal(await losses.find(SUBJECT, 5), undefined)
  await losses.check(SUBJECT, 5)
  assert.deepEqual(alarms, [])
})

test('a commit that is nowhere is lost: an error, one alarm, and kept', async () => {
  const { losses, alarms, kept } = lossesOf({ erased: 4 })
  await assert.rejects(losses.find(SUBJECT, 5), CommitsLostError)
  await assert.rejects(losses.check(SUBJECT, 5), CommitsLostError)
  assert.deepEqual(alarms, [lost])
  assert.deepEqual(kept, [5, 5])
})

test('a commit of another stream at its position is not it', async () => {
  const { losses } = lossesOf({ leader: messageAt(5, { account: 'eva', previous: 0 }) })
  await assert.rejects(losses.find(SUBJECT, 5), CommitsLostError)
})

test('what is missing only for a moment is no loss: a deposed leader may have been asked', async () => {
  const state: State = {}
  const { losses, alarms } = lossesOf(state, 60_000)
  const found = losses.find(SUBJECT, 5)
  state.leader = COMMIT
  assert.equal(await found, COMMIT)
  assert.deepEqual(alarms, [])
})

test('those who only want what there is pass a loss over, with the alarm', async () => {
  const { losses, alarms } = lossesOf()
  assert.equal(await losses.tolerant.find(SUBJECT, 5), undefined)
  await losses.tolerant.check(SUBJECT, 5)
  assert.deepEqual(alarms, [lost])
})

test('readers are refused by a loss that is still missing, or lies before where they begin', async () => {
  const loss = { subject: SUBJECT, position: 5 }
  await lossesOf().losses.refuse(SUBJECT, 9)
  await assert.rejects(lossesOf({ loss }).losses.refuse(SUBJECT, 2), CommitsLostError)
  await assert.rejects(lossesOf({ loss, leader: COMMIT }).losses.refuse(SUBJECT, 5), CommitsLostError)
  await lossesOf({ loss, leader: COMMIT }).losses.refuse(SUBJECT, 4)
})

test('a log that ends before where it was has gone back', async () => {
  const { losses, alarms } = lossesOf({ head: 80 })
  await losses.requireReached(80)
  await assert.rejects(losses.requireReached(81), CommitsLostError)
  assert.deepEqual(alarms, [{ kind: 'log-went-back', position: 81, head: 80 }])
})
