import assert from 'node:assert/strict'
import test, { describe } from 'node:test'
import type { Health } from '@relais/service-kit'
import { type Probed, VERDICTS } from './probes.ts'

type Part = Health['components'][number]
const good: Part = { name: 'the log', live: true, ready: true }
const lost: Part = { name: 'the log', live: true, ready: false, reason: "can't be reached" }
const dead: Part = { name: 'rows', live: false, ready: false, reason: 'the disk is broken' }

const probed = (
  more: Partial<Record<'started' | 'draining', boolean>> & { parts?: Part[]; running?: boolean },
): Probed => {
  const { parts = [good], running = true, started = true, draining = false } = more
  return {
    health: () => ({
      live: parts.every(({ live }) => live),
      ready: running && parts.every(({ ready }) => ready),
      components: parts,
    }),
    started: () => started,
    draining: () => draining,
  }
}

/** What each probe says in each situation: no two columns are equal. */
const TABLE = [
  ['it builds its rows', { started: false, running: false }, [true, false, false]],
  ['it is there, its listeners are not yet', { running: false }, [true, false, true]],
  ['everything is there', {}, [true, true, true]],
  ['a server was lost', { parts: [good, lost] }, [true, false, true]],
  ['it drains', { draining: true }, [true, false, true]],
  ['only a restart helps', { parts: [dead] }, [false, false, true]],
] as const satisfies readonly (readonly [string, object, readonly boolean[]])[]

describe('livez, readyz and startupz are three questions', () => {
  for (const [situation, more, wanted] of TABLE)
    test(`when ${situation}: live, ready, started are ${wanted.join(', ')}`, () => {
      const asked = ['/livez', '/readyz', '/startupz'].map(
        (path) =>
          VERDICTS[path]?.(probed({ ...more, parts: [...('parts' in more ? more.parts : [good])] })).ok,
      )
      assert.deepEqual(asked, wanted)
    })

  test('a no says why, in words', () => {
    assert.deepEqual(VERDICTS['/readyz']?.(probed({ parts: [good, lost] })).reasons, [
      "the log: can't be reached",
    ])
    assert.deepEqual(VERDICTS['/livez']?.(probed({ parts: [dead] })).reasons, ['rows: the disk is broken'])
    assert.deepEqual(VERDICTS['/readyz']?.(probed({ draining: true })).reasons, ['draining'])
    assert.deepEqual(VERDICTS['/readyz']?.(probed({ running: false })).reasons, ['starting'])
    assert.deepEqual(VERDICTS['/readyz']?.(probed({})).reasons, [])
  })
})
