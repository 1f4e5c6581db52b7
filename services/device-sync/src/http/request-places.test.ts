import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { describe, type TestContext, test } from 'node:test'
import { isCoded, type RelaisError } from '@relais/service-kit'
import fc from 'fast-check'
import { LinePace } from './line-pace.ts'
import { type Place, type PlacesOptions, RequestPlaces } from './request-places.ts'

const few: PlacesOptions = {
  ...{ places: 2, placesOfOne: 2, line: 100, lineOfOne: 100 },
  ...{ patienceMs: 1_000, untakenBytes: 1_000 },
}

type Connection = EventEmitter & { destroyed: boolean }
const connection = (): Connection => Object.assign(new EventEmitter(), { destroyed: false })

/** Everything that was asked for and could be given was. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

/** Requests by name, of owners that are the name's first letter, in the order in which they got places. */
const setUp = (options: Partial<PlacesOptions> = {}, pace = new LinePace()) => {
  const places = new RequestPlaces({ ...few, ...options }, pace)
  const entered: string[] = []
  const refused = new Map<string, RelaisError>()
  const held = new Map<string, Place>()
  const ask = async (name: string, client = connection()) => {
    try {
      held.set(name, await places.enter(name[0]!, client))
      entered.push(name)
    } catch (error) {
      refused.set(name, error as RelaisError)
    }
    return client
  }
  const askAll = async (...names: string[]) => {
    for (const name of names) void ask(name)
    await settled()
  }
  const leave = async (...names: string[]) => {
    for (const name of names) {
      held.get(name)?.leave()
      await settled()
    }
  }
  return { places, entered, refused, held, ask, askAll, leave }
}

describe('places', () => {
  test('are given at once while there are some, and then in turn', async () => {
    const { places, entered, askAll, leave } = setUp()
    await askAll('a1', 'b1', 'c1', 'd1')
    assert.deepEqual([entered, places.working, places.inLine], [['a1', 'b1'], 2, 2])
    await leave('b1')
    assert.deepEqual([entered.at(-1), places.working, places.inLine], ['c1', 2, 1])
    await leave('a1', 'c1', 'd1')
    assert.deepEqual([entered.at(-1), places.working, places.inLine], ['d1', 0, 0])
  })

  test('go from owner to owner, however many requests one of them has in line', async () => {
    const { entered, askAll, leave } = setUp({ places: 1 })
    await askAll('a1', 'a2', 'a3', 'a4', 'b1', 'c1', 'b2')
    for (const name of ['a1', 'a2', 'b1', 'c1', 'a3', 'b2']) await leave(name)
    assert.deepEqual(entered, ['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4'])
  })

  test('are never all one owner’s: what he has beyond his part waits, and others go past', async () => {
    const { entered, askAll, leave } = setUp({ places: 4, placesOfOne: 2 })
    await askAll('a1', 'a2', 'a3', 'b1')
    assert.deepEqual(entered, ['a1', 'a2', 'b1'])
    await leave('a2')
    assert.deepEqual(entered, ['a1', 'a2', 'b1', 'a3'])
  })

  test('given back twice are given back once', async () => {
    const { places, held, askAll, leave } = setUp()
    await askAll('a1', 'b1', 'c1', 'd1')
    await leave('a1', 'a1')
    held.get('a1')?.leave()
    assert.deepEqual([places.working, places.inLine], [2, 1])
  })
})

const isOverloaded = (error: RelaisError | undefined): boolean => {
  assert.ok(isCoded(error) && error.code === 'OVERLOADED' && error.retryable)
  const { retryAfterSeconds = 0 } = error
  return retryAfterSeconds >= 5 && retryAfterSeconds < 30
}

describe('the line', () => {
  test('has an end: OVERLOADED with a time to come back', async () => {
    const { places, refused, entered, askAll, leave } = setUp({ places: 1, line: 2 })
    await askAll('a1', 'b1', 'c1', 'd1')
    assert.ok(isOverloaded(refused.get('d1')))
    await leave('a1', 'b1', 'c1')
    assert.deepEqual([entered, places.inLine], [['a1', 'b1', 'c1'], 0])
  })

  /** Seconds after which those who are turned away are to come again, where each in a line of 800 waits so long for the one before. */
  const comeAgain = async (ms: number): Promise<readonly number[]> => {
    let now = 0
    const pace = new LinePace(() => now)
    const { refused, askAll, leave } = setUp({ places: 1, line: 800, lineOfOne: 800 }, pace)
    await askAll(...Array.from({ length: 800 }, (_, n) => `a${n}`))
    for (let n = 0; n < 3; n++) {
      now += ms
      await leave(`a${n}`)
    }
    await askAll(...Array.from({ length: 400 }, (_, n) => `b${n}`))
    return [...refused.values()].map(({ retryAfterSeconds = 0 }) => retryAfterSeconds)
  }

  test('that moves fast lets those whom it turns away come again soon, and a slow one later; never all at once', async () => {
    const [fast, middling, slow] = [await comeAgain(1), await comeAgain(15), await comeAgain(1000)]
    for (const [seconds, most] of [
      [fast, 9],
      [middling, 16],
      [slow, 29],
    ] as const) {
      assert.ok(seconds.length > 300)
      assert.equal(Math.min(...seconds), 5)
      assert.equal(Math.max(...seconds), most)
      assert.equal(new Set(seconds).size, most - 4)
    }
  })

  test('is no owner’s alone', async () => {
    const { refused, entered, askAll } = setUp({ places: 1, line: 10, lineOfOne: 2 })
    await askAll('a1', 'a2', 'a3', 'a4', 'b1')
    assert.deepEqual([entered, [...refused.keys()]], [['a1'], ['a4']])
    assert.ok(isOverloaded(refused.get('a4')))
  })

  const withTimers = (t: TestContext, options?: Partial<PlacesOptions>) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    return setUp(options)
  }

  test('turns away who has stood in it for too long', async (t) => {
    const { places, refused, entered, askAll, leave } = withTimers(t, { places: 1 })
    await askAll('a1', 'b1')
    t.mock.timers.tick(600)
    await askAll('c1')
    t.mock.timers.tick(600)
    await settled()
    assert.ok(isOverloaded(refused.get('b1')))
    await leave('a1')
    assert.deepEqual([entered, places.inLine], [['a1', 'c1'], 0])
    t.mock.timers.tick(60_000)
    assert.equal(refused.size, 1)
  })

  test('is left by whose client goes, and never entered by whose client has gone', async () => {
    const { places, refused, entered, ask, askAll, leave } = setUp({ places: 1 })
    await askAll('a1')
    const leaving = connection()
    void ask('b1', leaving)
    await ask('c1', Object.assign(connection(), { destroyed: true }))
    leaving.emit('close')
    await leave('a1')
    assert.deepEqual([refused.get('b1')?.code, refused.get('c1')?.code], ['CANCELLED', 'CANCELLED'])
    assert.deepEqual([entered, places.working, leaving.listenerCount('close')], [['a1'], 0, 0])
  })
})

describe('who was let in once', () => {
  test('goes before whoever stands in line, and is never turned away', async () => {
    const { places, entered, askAll, leave } = setUp({ places: 1, line: 1, placesOfOne: 1 })
    await askAll('a1', 'b1')
    const back = ['w1', 'w2', 'w3'].map((name) =>
      places.comeBack('w').then((place) => {
        entered.push(name)
        return place
      }),
    )
    await leave('a1')
    for (const place of back) {
      ;(await place).leave()
      await settled()
    }
    assert.deepEqual(entered, ['a1', 'w1', 'w2', 'w3', 'b1'])
  })

  test('has no place while its client makes it wait, and then has one again', async () => {
    const { places, entered, held, askAll, leave } = setUp({ places: 1 })
    await askAll('a1')
    let come = (_: string) => {}
    const body = held.get('a1')!.aside(() => new Promise<string>((resolve) => (come = resolve)))
    await askAll('b1', 'c1')
    assert.deepEqual([entered, places.working], [['a1', 'b1'], 1])
    come('the body')
    await settled()
    await leave('b1')
    assert.equal(await body, 'the body')
    assert.deepEqual([entered, places.working], [['a1', 'b1'], 1])
    await leave('a1')
    await leave('c1')
    assert.deepEqual([entered, places.working], [['a1', 'b1', 'c1'], 0])
  })

  test('has one again too when what it waited for fails', async () => {
    const { places, held, askAll, leave } = setUp({ places: 1 })
    await askAll('a1')
    await assert.rejects(
      held.get('a1')!.aside(() => Promise.reject(new Error('gone'))),
      /gone/,
    )
    assert.equal(places.working, 1)
    await leave('a1')
    assert.equal(places.working, 0)
  })
})

describe('answers that clients are still to take', () => {
  test('let nobody in while they are too many, but who was let in once', async () => {
    const { places, entered, askAll } = setUp()
    const taken = ['x', 'y', 'z', 'u', 'v'].map((name) => places.sending(name, 200))
    await askAll('a1')
    assert.deepEqual([entered, places.untaken], [[], 1_000])
    ;(await places.comeBack('w')).leave()
    assert.deepEqual(entered, [])
    taken[0]!()
    taken[0]!()
    await settled()
    assert.deepEqual([entered, places.untaken], [['a1'], 800])
  })

  test('of one owner hold up him alone', async () => {
    const { places, entered, askAll } = setUp()
    const taken = places.sending('a', 250)
    await askAll('a1', 'b1')
    assert.deepEqual(entered, ['b1'])
    taken()
    await settled()
    assert.deepEqual(entered, ['b1', 'a1'])
  })
})

type Model = { readonly places: RequestPlaces; readonly at: Place[]; readonly taking: (() => void)[] }

const owner = fc.constantFrom('a', 'b', 'c')
const happening = fc.oneof(
  fc.record({ kind: fc.constant('asks' as const), owner }),
  fc.record({ kind: fc.constant('goes' as const), owner }),
  fc.record({ kind: fc.constant('leaves' as const), nth: fc.nat(20) }),
  fc.record({ kind: fc.constant('comes back' as const), owner }),
  fc.record({ kind: fc.constant('sends' as const), owner, bytes: fc.nat(400) }),
  fc.record({ kind: fc.constant('takes' as const), nth: fc.nat(20) }),
)

test('whatever happens, no more work than there are places, nobody stands in line for nothing, and nothing is left over', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { maxLength: 60 }), async (all) => {
      const places = new RequestPlaces({ ...few, places: 3, placesOfOne: 2, line: 8, lineOfOne: 4 })
      const model: Model = { places, at: [], taking: [] }
      const leaving: Connection[] = []
      const outcomes = { asked: 0, got: 0, refused: 0 }
      const got = (place: Place) => {
        outcomes.got++
        model.at.push(place)
      }
      for (const one of all) {
        if (one.kind === 'asks' || one.kind === 'goes') {
          const client = connection()
          if (one.kind === 'goes') leaving.push(client)
          outcomes.asked++
          places.enter(one.owner, client).then(got, () => outcomes.refused++)
        } else if (one.kind === 'comes back') {
          outcomes.asked++
          void places.comeBack(one.owner).then(got)
        } else if (one.kind === 'sends') model.taking.push(places.sending(one.owner, one.bytes))
        else if (one.kind === 'takes') model.taking.splice(one.nth, 1)[0]?.()
        else model.at.splice(one.nth, 1)[0]?.leave()
        await settled()
        for (const client of leaving.splice(0)) client.emit('close')
        assert.ok(places.working <= 3 && places.working === model.at.length)
        assert.ok(places.inLine <= 8)
      }
      for (const take of model.taking) take()
      await settled()
      while (model.at.length > 0) {
        for (const place of model.at.splice(0)) place.leave()
        await settled()
      }
      await settled()
      assert.deepEqual([places.working, places.inLine, places.untaken, places.owners], [0, 0, 0, 0])
      assert.equal(outcomes.got + outcomes.refused, outcomes.asked)
    }),
    { numRuns: 200 },
  )
})
