import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DEFAULT_COST, formatPasswordHash, parsePasswordHash } from './password-hash.ts'

const salt = Buffer.alloc(16, 1)
const tag = Buffer.alloc(32, 2)
const text = formatPasswordHash({ cost: DEFAULT_COST, salt, tag })

test('a hash is a PHC string with what it cost', () => {
  assert.equal(
    text,
    '$argon2id$v=19$m=19456,t=2,p=1$AQEBAQEBAQEBAQEBAQEBAQ$AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI',
  )
})

test('what was formatted is parsed', () => {
  const bytes = fc.uint8Array({ minLength: 16, maxLength: 64 })
  const cost = fc.record({
    memory: fc.integer({ min: 64, max: 262_144 }),
    passes: fc.integer({ min: 1, max: 16 }),
    parallelism: fc.integer({ min: 1, max: 8 }),
  })
  fc.assert(
    fc.property(cost, bytes, bytes, (wanted, someSalt, someTag) => {
      const parsed = parsePasswordHash(formatPasswordHash({ cost: wanted, salt: someSalt, tag: someTag }))
      assert.deepEqual(parsed?.cost, { ...wanted })
      assert.deepEqual(Buffer.from(parsed?.salt ?? []), Buffer.from(someSalt))
      assert.deepEqual(Buffer.from(parsed?.tag ?? []), Buffer.from(someTag))
    }),
  )
})

for (const [what, wrong] of [
  ['nothing', ''],
  ['another algorithm', text.replace('argon2id', 'argon2i')],
  ['another version', text.replace('v=19', 'v=16')],
  ['more memory than is borne', text.replace('m=19456', 'm=9999999')],
  ['more memory than a number', text.replace('m=19456', 'm=99999999999999999999')],
  ['too little memory for its lanes', text.replace('m=19456', 'm=8').replace('p=1', 'p=2')],
  ['more passes than are borne', text.replace('t=2', 't=17')],
  ['no passes', text.replace('t=2', 't=0')],
  ['a salt that is none', text.replace('$AQ', '$*')],
  ['no tag', text.slice(0, text.lastIndexOf('$'))],
  ['something after it', `${text}$x`],
  ['a line before it', `\n${text}`],
] as const)
  test(`a hash with ${what} is none`, () => assert.equal(parsePasswordHash(wrong), undefined))

test('whatever arrives is a hash or not', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), fc.nat(text.length), (noise, at) => {
      parsePasswordHash(noise)
      parsePasswordHash(text.slice(0, at) + noise + text.slice(at))
    }),
  )
})
