import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { message } from './messages.ts'

const numbers = fc.integer({ min: 0, max: 3_000_000 })

describe('a message of the load', () => {
  test('is of 2 to 60 KB, with 14 KB in the middle', () => {
    const sizes = Array.from({ length: 1000 }, (_, n) => message(n).length).sort((a, b) => a - b)
    assert.ok((sizes[0] ?? 0) > 1.5 * 1024)
    assert.ok((sizes.at(-1) ?? 0) < 64 * 1024)
    const middle = sizes[500] ?? 0
    // Three quarters of the size are text; the rest is what a message is beside it.
    assert.ok(middle > 9 * 1024 && middle < 15 * 1024, `${middle}`)
  })

  test('is the same whenever it is asked for, and another than the next', () => {
    fc.assert(
      fc.property(numbers, (n) => {
        assert.deepEqual(message(n), message(n))
        assert.notDeepEqual(message(n), message(n + 1))
      }),
      { numRuns: 30 },
    )
  })

  test('has lines that end as they must, none too long, and none that SMTP would take for the end', () => {
    fc.assert(
      fc.property(numbers, (n) => {
        const text = message(n).toString('latin1')
        assert.doesNotMatch(text.replaceAll('\r\n', ''), /[\r\n]/)
        for (const line of text.split('\r\n')) assert.ok(line.length <= 998 && !line.startsWith('.'))
      }),
      { numRuns: 50 },
    )
  })

  test('is multipart/alternative of plain text and HTML, whole', () => {
    const text = message(12, 'hello').toString('latin1')
    const [, boundary = ''] = /boundary="([^"]+)"/.exec(text) ?? []
    assert.equal(text.split(`\r\n--${boundary}\r\n`).length, 3)
    assert.ok(text.endsWith(`\r\n--${boundary}--\r\n`))
    assert.match(text, /^Subject: hello\r$/m)
  })

  test('every fifth belongs to a conversation with the one before it', () => {
    const idOf = (n: number) => /^Message-ID: (.*)\r$/m.exec(message(n).toString('latin1'))?.[1]
    assert.match(message(10).toString('latin1'), new RegExp(`^References: ${idOf(9)}\\r$`, 'm'))
    assert.doesNotMatch(message(11).toString('latin1'), /^References:/m)
  })
})
