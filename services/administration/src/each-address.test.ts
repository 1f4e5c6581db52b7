import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { EachAddress } from './each-address.ts'

/** Names that mean what a test says, and connections that say when they are closed. */
const world = (addresses: readonly string[], names: Record<string, readonly string[]> = {}) => {
  const opened: string[] = []
  const closed: string[] = []
  const each = new EachAddress({
    addresses,
    lookup: async (host) => {
      const found = names[host]
      if (found === undefined) throw Object.assign(new Error(`no name ${host}`), { code: 'ENOTFOUND' })
      return found
    },
    connect: (address) => {
      opened.push(address)
      return { client: address, close: () => void closed.push(address) }
    },
  })
  return { each, names, opened, closed }
}

describe('each address', () => {
  test('that a name stands for has a client', async () => {
    const { each } = world(['pods:7400'], { pods: ['10.0.0.1', '10.0.0.2'] })
    assert.deepEqual(await each.clients(), ['10.0.0.1:7400', '10.0.0.2:7400'])
  })

  test('that is given is taken as it is, in both families', async () => {
    const { each } = world(['127.0.0.1:1', '[::1]:2'])
    assert.deepEqual(await each.clients(), ['127.0.0.1:1', '[::1]:2'])
  })

  test('is written as an address of IPv6 where it is one', async () => {
    const { each } = world(['pods:7400'], { pods: ['fd00::1'] })
    assert.deepEqual(await each.clients(), ['[fd00::1]:7400'])
  })

  test('is connected to once, however often it is asked for, and by whatever names', async () => {
    const { each, opened } = world(['a:1', 'b:1'], { a: ['10.0.0.1'], b: ['10.0.0.1'] })
    await each.clients()
    assert.deepEqual(await each.clients(), ['10.0.0.1:1'])
    assert.deepEqual(opened, ['10.0.0.1:1'])
  })

  test('that a name no longer has is left, and one that it has now is connected to', async () => {
    const { each, names, closed } = world(['pods:1'], { pods: ['10.0.0.1', '10.0.0.2'] })
    await each.clients()
    names.pods = ['10.0.0.2', '10.0.0.3']
    assert.deepEqual(await each.clients(), ['10.0.0.2:1', '10.0.0.3:1'])
    assert.deepEqual(closed, ['10.0.0.1:1'])
  })

  test('is asked although another name is gone', async () => {
    const { each } = world(['gone:1', 'there:1'], { there: ['10.0.0.1'] })
    assert.deepEqual(await each.clients(), ['10.0.0.1:1'])
  })

  test('where there is none is an error that goes away', async () => {
    await assert.rejects(world(['gone:1']).each.clients(), { code: 'UNAVAILABLE', retryable: true })
    await assert.rejects(world(['empty:1'], { empty: [] }).each.clients(), { code: 'UNAVAILABLE' })
  })

  test('is left at the end', async () => {
    const { each, closed } = world(['127.0.0.1:1', '127.0.0.1:2'])
    await each.clients()
    each.close()
    assert.deepEqual(closed, ['127.0.0.1:1', '127.0.0.1:2'])
  })
})
