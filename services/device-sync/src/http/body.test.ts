import assert from 'node:assert/strict'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { describe, test } from 'node:test'
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { isCoded } from '@relais/service-kit'
import fc from 'fast-check'
import { type BodyOptions, readBody } from './body.ts'
import { ByteBudget } from './byte-budget.ts'

const KIB = 1024

/** A request whose body comes in these pieces; undefined: it stops coming. */
const requestOf = (
  chunks: readonly Uint8Array[],
  headers: IncomingHttpHeaders = {},
  ends = true,
): IncomingMessage => {
  const waiting = [...chunks]
  const stream = new Readable({
    read() {
      const next = waiting.shift()
      if (next) this.push(next)
      else if (ends) this.push(null)
    },
  })
  return Object.assign(stream, { headers }) as unknown as IncomingMessage
}

const lengthOf = (chunks: readonly Uint8Array[]) => chunks.reduce((sum, { length }) => sum + length, 0)

const announced = (chunks: readonly Uint8Array[], headers: IncomingHttpHeaders = {}) =>
  requestOf(chunks, { 'content-length': String(lengthOf(chunks)), ...headers })

const optionsOf = (change: Partial<BodyOptions> = {}): BodyOptions => ({
  maxBytes: 256 * KIB,
  budget: new ByteBudget(1024 * KIB),
  idleMs: 5_000,
  ...change,
})

const refused = async (request: IncomingMessage, options: BodyOptions): Promise<string> => {
  try {
    await readBody(request, options)
    return ''
  } catch (error) {
    assert.ok(isCoded(error), String(error))
    return error.code
  }
}

describe('a body', () => {
  test('is what was sent, however it was cut, with or without its length', async () => {
    const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(pieces, fc.boolean(), async (chunks, known) => {
        const { bytes, release } = await readBody(known ? announced(chunks) : requestOf(chunks), optionsOf())
        assert.deepEqual(Buffer.from(bytes), Buffer.concat(chunks))
        release()
      }),
      { numRuns: 100 },
    )
  })
  test('may be empty', async () => {
    assert.equal((await readBody(requestOf([]), optionsOf())).bytes.length, 0)
    assert.equal((await readBody(announced([]), optionsOf())).bytes.length, 0)
  })
  test('of hundreds of kilobytes without a length grows as it comes', async () => {
    const chunks = Array.from({ length: 25 }, (_, n) => Buffer.alloc(10 * KIB, n))
    const { bytes } = await readBody(requestOf(chunks), optionsOf())
    assert.ok(bytes.equals(Buffer.concat(chunks)))
  })
})

describe('its bound', () => {
  const chunks = [Buffer.alloc(100), Buffer.alloc(100)]
  test('is kept to the byte', async () => {
    assert.equal((await readBody(announced(chunks), optionsOf({ maxBytes: 200 }))).bytes.length, 200)
    assert.equal((await readBody(requestOf(chunks), optionsOf({ maxBytes: 200 }))).bytes.length, 200)
    assert.equal(await refused(announced(chunks), optionsOf({ maxBytes: 199 })), 'BODY_TOO_LARGE')
    assert.equal(await refused(requestOf(chunks), optionsOf({ maxBytes: 199 })), 'BODY_TOO_LARGE')
  })
  test('is judged by the announced length before anything is read', async () => {
    const endless = requestOf([], { 'content-length': '1000000' }, false)
    assert.equal(await refused(endless, optionsOf({ maxBytes: 1_000 })), 'BODY_TOO_LARGE')
  })
  test('holds for what is unpacked as well', async () => {
    const packed = gzipSync(Buffer.alloc(300 * KIB))
    assert.equal(
      await refused(announced([packed], { 'content-encoding': 'gzip' }), optionsOf()),
      'BODY_TOO_LARGE',
    )
  })
})

describe('a client that', () => {
  test('stops in the middle is not waited for any longer', async () => {
    const request = requestOf([Buffer.alloc(10)], { 'content-length': '20' }, false)
    assert.equal(await refused(request, optionsOf({ idleMs: 5 })), 'BODY_TIMEOUT')
    assert.equal(request.listenerCount('readable'), 0)
  })
  test('goes away is not waited for at all', async () => {
    const request = requestOf([Buffer.alloc(10)], { 'content-length': '20' }, false)
    setImmediate(() => request.destroy())
    assert.equal(await refused(request, optionsOf()), 'CANCELLED')
  })
  test('was gone before is noticed', async () => {
    const request = requestOf([], { 'content-length': '20' }, false)
    request.destroy()
    assert.equal(await refused(request, optionsOf()), 'CANCELLED')
  })
})

describe('memory', () => {
  const large = [Buffer.alloc(100 * KIB), Buffer.alloc(100 * KIB)]

  test('of small bodies isn’t counted', async () => {
    const budget = new ByteBudget(1024 * KIB)
    await readBody(announced([Buffer.alloc(64 * KIB)]), optionsOf({ budget }))
    assert.equal(budget.used, 0)
  })
  test('of a large body is what it announces, until it is released', async () => {
    const budget = new ByteBudget(1024 * KIB)
    const { release } = await readBody(announced(large), optionsOf({ budget }))
    assert.equal(budget.used, 200 * KIB)
    release()
    release()
    assert.equal(budget.used, 0)
  })
  test('of a large body without a length is the most it may become', async () => {
    const budget = new ByteBudget(1024 * KIB)
    const { release } = await readBody(requestOf(large), optionsOf({ budget }))
    assert.equal(budget.used, 256 * KIB)
    release()
    assert.equal(budget.used, 0)
  })
  test('of a packed body is the most it may become', async () => {
    const budget = new ByteBudget(1024 * KIB)
    const packed = gzipSync(Buffer.from(Array.from({ length: 4_000 }, (_, n) => (n * 7919) % 251)))
    assert.ok(packed.length > KIB / 4)
    const { release } = await readBody(
      announced([packed], { 'content-encoding': 'gzip' }),
      optionsOf({ budget }),
    )
    release()
    assert.equal(budget.used, 0)
  })
  const failing: Record<string, () => [IncomingMessage, Partial<BodyOptions>]> = {
    'too large on the way': () => [requestOf(large), { maxBytes: 150 * KIB }],
    'too slow': () => [requestOf([large[0]!], { 'content-length': String(200 * KIB) }, false), { idleMs: 5 }],
    'not what its coding says': () => [announced(large, { 'content-encoding': 'gzip' }), {}],
    'larger than allowed when unpacked': () => [
      announced([gzipSync(Buffer.alloc(900 * KIB))], { 'content-encoding': 'gzip' }),
      {},
    ],
  }
  for (const [name, make] of Object.entries(failing))
    test(`is given back where the body is ${name}`, async () => {
      const budget = new ByteBudget(1024 * KIB)
      const [request, change] = make()
      assert.notEqual(await refused(request, optionsOf({ budget, ...change })), '')
      assert.equal(budget.used, 0)
    })
  test('that isn’t there lets the body wait unread', async () => {
    const budget = new ByteBudget(200 * KIB)
    const first = await readBody(announced(large), optionsOf({ budget }))
    let second: Buffer | undefined
    const waiting = readBody(announced(large), optionsOf({ budget })).then(({ bytes }) => {
      second = bytes
    })
    await new Promise(setImmediate)
    assert.equal(second, undefined)
    first.release()
    await waiting
    assert.equal((second as Buffer | undefined)?.length, 200 * KIB)
  })
})

describe('Content-Encoding', () => {
  const bytes = Buffer.from('a body that is packed')
  const read = async (packed: Uint8Array, coding: string) =>
    (await readBody(announced([packed], { 'content-encoding': coding }), optionsOf())).bytes.toString()

  test('is undone: gzip, x-gzip, deflate in both forms', async () => {
    for (const [packed, coding] of [
      [gzipSync(bytes), 'gzip'],
      [gzipSync(bytes), 'x-gzip'],
      [gzipSync(bytes), ' GZIP '],
      [deflateSync(bytes), 'deflate'],
      [deflateRawSync(bytes), 'deflate'],
      [bytes, 'identity'],
      [bytes, ''],
    ] as const)
      assert.equal(await read(packed, coding), bytes.toString(), coding)
  })
  test('of an empty body changes nothing', async () => {
    assert.equal(await read(Buffer.alloc(0), 'gzip'), '')
  })
  test('that isn’t known is refused before the body is read', async () => {
    const request = requestOf([], { 'content-encoding': 'br' }, false)
    assert.equal(await refused(request, optionsOf()), 'UNKNOWN_CODING')
  })
  test('whatever is called packed is a body or refused', async () => {
    const coding = fc.constantFrom('gzip', 'deflate')
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 60 }), coding, async (given, name) => {
        const code = await refused(announced([given], { 'content-encoding': name }), optionsOf())
        assert.ok(['', 'DAMAGED_CODING'].includes(code), code)
      }),
      { numRuns: 200 },
    )
  })
})
