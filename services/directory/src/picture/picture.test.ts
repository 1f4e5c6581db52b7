import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { jpeg, png } from '../../test/test-pictures.ts'
import { pictureShape } from './picture.ts'

const side = fc.integer({ min: 1, max: 65_535 })

describe('a picture', () => {
  test('is known by its bytes, with its width and height', () => {
    fc.assert(
      fc.property(side, side, (width, height) => {
        assert.deepEqual(pictureShape(png(width, height)), { kind: 'png', width, height })
        assert.deepEqual(pictureShape(jpeg(width, height)), { kind: 'jpeg', width, height })
      }),
    )
  })
  test('may have any segments and fill bytes before its frame', () => {
    const filled = Buffer.concat([
      Buffer.from([0xff, 0xd8, 0xff, 0xe1, 0, 4, 1, 2, 0xff, 0xff, 0xc4, 0, 3, 9]),
      jpeg(30, 20).subarray(2),
    ])
    assert.deepEqual(pictureShape(filled), { kind: 'jpeg', width: 30, height: 20 })
  })
  test('is progressive or baseline alike', () => {
    assert.equal(pictureShape(jpeg(30, 20, { frame: 0xc2 }))?.width, 30)
  })
  for (const [what, bytes] of Object.entries({
    nothing: Buffer.alloc(0),
    'a GIF': Buffer.from('GIF89a and more bytes than a header has'),
    'an SVG, which may have programs in it': Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
    'a PNG that ends in its header': png(1, 1).subarray(0, 20),
    'a PNG whose first chunk is another': Buffer.concat([png(1, 1).subarray(0, 8), Buffer.alloc(40)]),
    'a JPEG without a frame': Buffer.from([0xff, 0xd8, 0xff, 0xda, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0]),
    'a JPEG that ends at once': Buffer.from([0xff, 0xd8, 0xff, 0xd9, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    'a JPEG whose segment says no length': Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    'a JPEG whose segments miss each other': Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 3, 0, 0, 0, 0, 0, 0, 0]),
  }))
    test(`isn’t ${what}`, () => assert.equal(pictureShape(bytes), undefined))
  test('is read to its end at most, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (rest) => {
        pictureShape(Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), rest]))
        pictureShape(Buffer.concat([png(1, 1).subarray(0, 16), rest]))
        pictureShape(rest)
      }),
    )
  })
})
