import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withoutSymbols } from '../src/elf.ts'

/** A header, one segment of the first 200 bytes, 100 bytes of symbols. */
const program = () => {
  const bytes = Buffer.alloc(300, 7)
  bytes.fill(0, 0, 120)
  bytes.writeUInt32BE(0x7f454c46, 0)
  bytes[4] = 2
  bytes[5] = 1
  bytes.writeBigUInt64LE(64n, 32)
  bytes.writeBigUInt64LE(240n, 40)
  bytes.writeUInt16LE(56, 54)
  bytes.writeUInt16LE(1, 56)
  bytes.writeUInt16LE(3, 60)
  bytes.writeBigUInt64LE(0n, 64 + 8)
  bytes.writeBigUInt64LE(200n, 64 + 32)
  return bytes
}

test('what no segment holds is left out, and nothing points to it any more', () => {
  const stripped = withoutSymbols(program())
  assert.equal(stripped.length, 200)
  assert.equal(stripped.readBigUInt64LE(40), 0n)
  assert.equal(stripped.readUInt16LE(60), 0)
  assert.deepEqual(stripped.subarray(64), program().subarray(64, 200))
})

test('a program that has no symbols stays as long as it is', () => {
  const once = withoutSymbols(program())
  assert.deepEqual(withoutSymbols(once), once)
})

for (const [what, bytes] of [
  ['nothing', Buffer.alloc(0)],
  ['a script', Buffer.from(`#!/bin/sh\n${' '.repeat(100)}`)],
  ['a 32-bit program', Buffer.from(program()).fill(1, 4, 5)],
] as const)
  test(`${what} is refused`, () => {
    assert.throws(() => withoutSymbols(bytes), /not a 64-bit little-endian ELF program/)
  })
