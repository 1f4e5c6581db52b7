import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Goes } from './goes.ts'

/** What is done, in its order: `turn` for each turn of the event loop. */
const watched = () => {
  const done: string[] = []
  let immediate = setImmediate(function turn() {
    done.push('turn')
    immediate = setImmediate(turn)
  })
  return { done, end: () => clearImmediate(immediate) }
}

const search = async (goes: Goes, done: string[], efforts: readonly number[], name = 'go') => {
  for (const effort of efforts) {
    await goes.before(effort)
    done.push(name)
  }
}

/** How many goes there were in each turn. */
const perTurn = (done: readonly string[]): readonly number[] =>
  done
    .join(' ')
    .split('turn')
    .map((said) => said.split(' ').filter((word) => word !== '').length)

describe('the goes of a search', () => {
  test('are done at once as far as there is room for them, then others have their turn', async () => {
    const { done, end } = watched()
    await search(new Goes(10), done, [4, 4, 4, 1, 5, 10, 1])
    end()
    assert.deepEqual(
      perTurn(done).filter((count) => count > 0),
      [2, 3, 1, 1],
    )
  })

  test('larger than what is done at once have a turn each', async () => {
    const { done, end } = watched()
    await search(new Goes(10), done, [11, 11, 11])
    end()
    assert.deepEqual(
      perTurn(done).filter((count) => count > 0),
      [1, 1, 1],
    )
  })

  test('of many searches at once come one in a turn, each of them in its turn', async () => {
    const { done, end } = watched()
    const names = ['a', 'b', 'c', 'd']
    await Promise.all(names.map((name) => search(new Goes(1), done, [1, 1, 1], name)))
    end()
    assert.ok(perTurn(done).every((count) => count <= 1))
    assert.deepEqual(
      done.filter((what) => what !== 'turn'),
      [...names, ...names, ...names],
    )
  })

  test('end once nobody waits for them, and others go on', async () => {
    const leaving = new AbortController()
    const { done, end } = watched()
    const left = search(new Goes(1, leaving.signal), done, [1, 1, 1], 'left')
    leaving.abort(new Error('nobody waits'))
    await assert.rejects(left, { message: 'nobody waits' })
    await search(new Goes(1), done, [1])
    end()
    assert.deepEqual(
      done.filter((what) => what !== 'turn'),
      ['go'],
    )
  })
})
