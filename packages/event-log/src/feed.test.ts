import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { commitOf, range, storedAs } from './contract/commits.ts'
import { type FeedSource, followFeed, readFeed } from './feed.ts'
import { NoticeBoard } from './notice-board.ts'
import { LogUnavailableError, type StoredCommit } from './port.ts'

/** A source over a list: what an adapter offers, and when it was asked. */
class ListSource implements FeedSource {
  readonly board = new NoticeBoard()
  readonly end = new AbortController()
  readonly commits: StoredCommit[] = []
  asked = 0
  /** Called when a page has been read but not handed over yet. */
  afterPage: () => void = () => undefined

  get closed() {
    return this.end.signal
  }

  append(count = 1) {
    for (const _ of range(count)) {
      const stored = storedAs(commitOf(), this.commits.length + 1)
      this.commits.push(stored)
      this.board.publish({
        position: stored.position,
        ...stored.stream,
        collections: [],
        device: '',
        traceparent: '',
        at: 1,
      })
    }
  }

  async page(
    _: object,
    after: number,
    { upTo = Number.MAX_SAFE_INTEGER, batch }: { upTo?: number; batch: number },
  ) {
    this.asked++
    const rest = this.commits.filter(({ position }) => position > after && position <= upTo)
    const page = { commits: rest.slice(0, batch), caughtUp: rest.length <= batch }
    this.afterPage()
    return page
  }
}

const follow = (source: FeedSource, after = 0, batch = 256) => {
  const abort = new AbortController()
  return { abort, batches: followFeed(source, { filter: {}, after, batch, signal: abort.signal }) }
}

const listenersOf = (signal: AbortSignal) => getEventListeners(signal, 'abort').length

test('a commit that comes between reading and waiting is not slept through', async () => {
  const source = new ListSource()
  const { batches } = follow(source)
  source.afterPage = () => {
    source.afterPage = () => undefined
    source.append()
  }
  assert.deepEqual((await batches.next()).value, { commits: [], caughtUp: true })
  assert.equal((await batches.next()).value?.commits[0]?.position, 1)
  await batches.return(undefined)
})

test('a notice of what was read already causes no empty batch', async () => {
  const source = new ListSource()
  const { abort, batches } = follow(source)
  source.append()
  await batches.next()
  const waiting = batches.next()
  source.board.publish({
    position: 1,
    tenant: 'acme',
    account: 'mike',
    service: 'mail',
    collections: [],
    device: '',
    traceparent: '',
    at: 1,
  })
  source.append()
  assert.equal((await waiting).value?.commits[0]?.position, 2)
  abort.abort()
  assert.equal((await batches.next()).done, true)
})

test('a follower that is not asked reads nothing, however much is appended', async () => {
  const source = new ListSource()
  const { batches } = follow(source, 0, 10)
  await batches.next()
  const { asked } = source
  source.append(1000)
  assert.equal(source.asked, asked)
  assert.equal((await batches.next()).value?.commits.length, 10)
  assert.equal(source.asked, asked + 1)
  await batches.return(undefined)
})

test('caught up after a full batch is said by an empty one', async () => {
  const source = new ListSource()
  source.append(4)
  source.page = async (_, after, { batch }) => {
    const commits = source.commits.slice(after, after + batch)
    return { commits, caughtUp: commits.length < batch }
  }
  const { batches } = follow(source, 0, 2)
  const marks = []
  for (const _ of range(3)) marks.push((await batches.next()).value?.caughtUp)
  assert.deepEqual(marks, [false, false, true])
  await batches.return(undefined)
})

test('nothing stays registered after a follower has ended, however it ends', async () => {
  const source = new ListSource()
  const endings = [
    async () => {
      const { abort, batches } = follow(source)
      await batches.next()
      const waiting = batches.next()
      abort.abort()
      assert.equal((await waiting).done, true)
      return abort.signal
    },
    async () => {
      const { abort, batches } = follow(source)
      await batches.next()
      await batches.return(undefined)
      return abort.signal
    },
    async () => {
      const { abort, batches } = follow(source)
      await batches.next()
      await assert.rejects(batches.throw(new Error('the consumer failed')), /the consumer failed/)
      return abort.signal
    },
  ]
  for (const ending of endings) {
    const signal = await ending()
    assert.deepEqual([source.board.size, listenersOf(signal), listenersOf(source.closed)], [0, 0, 0])
  }
})

test('a follower that was never asked for a batch has registered nothing', () => {
  const source = new ListSource()
  const { abort } = follow(source)
  assert.deepEqual([source.board.size, listenersOf(abort.signal)], [0, 0])
})

test('a source that fails ends the follower with its error', async () => {
  const source = new ListSource()
  source.page = () => Promise.reject(new LogUnavailableError('the disk is gone'))
  const { batches } = follow(source)
  await assert.rejects(batches.next(), /the disk is gone/)
  assert.equal(source.board.size, 0)
})

test('the end of the log ends followers that wait, and those that hold a batch, with its error', async () => {
  const source = new ListSource()
  source.append()
  const waiting = follow(source).batches
  const holding = follow(source).batches
  await Promise.all([waiting.next(), holding.next()])
  const ended = waiting.next()
  source.end.abort(new LogUnavailableError('the event log is closed'))
  await assert.rejects(ended, LogUnavailableError)
  await assert.rejects(holding.next(), LogUnavailableError)
})

test('between batches of history others get their turn', async () => {
  const source = new ListSource()
  source.append(50)
  let turns = 0
  let reading = true
  const turn = () => {
    turns++
    if (reading) setImmediate(turn)
  }
  setImmediate(turn)
  for await (const _ of readFeed(source, { filter: {}, after: 0, upTo: 50, batch: 1 }));
  reading = false
  assert.ok(turns >= 49, `${turns} turns`)
})

test('read gives what there is up to a position, and no empty batch', async () => {
  const source = new ListSource()
  source.append(7)
  const read: number[] = []
  for await (const batch of readFeed(source, { filter: {}, after: 2, upTo: 6, batch: 2 })) {
    assert.ok(batch.length > 0)
    read.push(...batch.map(({ position }) => position))
  }
  assert.deepEqual(read, [3, 4, 5, 6])
})

test('a batch has at least one commit, whatever size was asked for', async () => {
  const source = new ListSource()
  source.append(3)
  for (const batch of [0, -5]) {
    const read: number[] = []
    for await (const commits of readFeed(source, { filter: {}, after: 0, upTo: 3, batch })) {
      read.push(...commits.map(({ position }) => position))
    }
    assert.deepEqual(read, [1, 2, 3])
  }
})
