import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AccountGates } from './gates.ts'

/** Work that is inside until it is let go. */
const held = () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  let entered = false
  const work = async () => {
    entered = true
    await promise
  }
  return { work, leave: resolve, entered: () => entered }
}

/** All that can happen without anybody leaving has happened. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

test('what commutes is inside together', async () => {
  const gates = new AccountGates()
  const [a, b] = [held(), held()]
  const both = Promise.all([gates.shared('x', a.work), gates.shared('x', b.work)])
  await settled()
  assert.deepEqual([a.entered(), b.entered()], [true, true])
  a.leave()
  b.leave()
  await both
  assert.equal(gates.size, 0)
})

test('what expects a head is inside alone, and nobody overtakes it', async () => {
  const gates = new AccountGates()
  const [first, alone, later] = [held(), held(), held()]
  const all = [gates.shared('x', first.work), gates.exclusive('x', alone.work), gates.shared('x', later.work)]
  await settled()
  assert.deepEqual([first.entered(), alone.entered(), later.entered()], [true, false, false])
  first.leave()
  await settled()
  assert.deepEqual([alone.entered(), later.entered()], [true, false])
  alone.leave()
  await settled()
  assert.equal(later.entered(), true)
  later.leave()
  await Promise.all(all)
  assert.equal(gates.size, 0)
})

test('accounts do not wait for each other', async () => {
  const gates = new AccountGates()
  const [a, b] = [held(), held()]
  const both = Promise.all([gates.exclusive('x', a.work), gates.exclusive('y', b.work)])
  await settled()
  assert.deepEqual([a.entered(), b.entered()], [true, true])
  a.leave()
  b.leave()
  await both
})

test('work that fails lets the next one in', async () => {
  const gates = new AccountGates()
  const failing = gates.exclusive('x', async () => {
    throw new Error('no')
  })
  const next = gates.exclusive('x', async () => 'in')
  await assert.rejects(failing, /no/)
  assert.equal(await next, 'in')
  assert.equal(gates.size, 0)
})

test('in any order of work nobody is inside beside one who is alone, and all get in', async () => {
  const kinds = fc.array(fc.record({ exclusive: fc.boolean(), turns: fc.nat({ max: 4 }) }), { maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(kinds, async (works) => {
      const gates = new AccountGates()
      const inside = { shared: 0, exclusive: 0 }
      const done = await Promise.all(
        works.map(({ exclusive, turns }) => {
          const kind = exclusive ? 'exclusive' : 'shared'
          return gates[kind]('x', async () => {
            inside[kind]++
            assert.ok(inside.exclusive === 0 || (inside.exclusive === 1 && inside.shared === 0))
            for (let turn = 0; turn < turns; turn++) await Promise.resolve()
            inside[kind]--
            return true
          })
        }),
      )
      assert.equal(done.length, works.length)
      assert.equal(gates.size, 0)
    }),
  )
})
