import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { specify } from '@relais/testing'
import { jpeg, png } from '../../test/test-pictures.ts'
import type { DirectoryEvent } from '../events.ts'
import { MAX_PICTURE_BYTES, MAX_PICTURE_SIDE } from '../picture/picture.ts'
import { type Account, evolveAccount, noAccount } from './account.ts'
import { type AccountCommand, decideAccount } from './decide.ts'
import { requirePicture } from './pictures.ts'

const { given } = specify<Account, AccountCommand, DirectoryEvent>({
  initialState: noAccount,
  evolve: evolveAccount,
  decide: decideAccount,
})

const fields = { displayName: '', locale: '', timeZone: '', quotaBytes: 0, attributes: {} }
const account: DirectoryEvent = {
  type: 'AccountCreated',
  payload: { account: 'u_1', address: 'mike@ox.io', ...fields },
}
const set = (blob: string): DirectoryEvent => ({ type: 'PictureSet', payload: { blob, size: 7 } })
const removed: DirectoryEvent = { type: 'PictureRemoved', payload: {} }

describe("somebody's picture", () => {
  test('is set, replaced and removed', () => {
    given([account])
      .when({ type: 'SetPicture', blob: 'a', size: 7 })
      .then([set('a')])
    given([account, set('a')])
      .when({ type: 'SetPicture', blob: 'b', size: 7 })
      .then([set('b')])
    given([account, set('a')])
      .when({ type: 'RemovePicture' })
      .then([removed])
  })
  test('that is there already, or gone already, is no news', () => {
    given([account, set('a')])
      .when({ type: 'SetPicture', blob: 'a', size: 7 })
      .then([])
    given([account, set('a'), removed])
      .when({ type: 'RemovePicture' })
      .then([])
  })
  test('has at most 100 KiB', () => {
    const begin = png(1, 1, 0).length
    requirePicture(png(1, 1, MAX_PICTURE_BYTES - begin))
    assert.throws(() => requirePicture(png(1, 1, MAX_PICTURE_BYTES - begin + 1)), /at most 102400 bytes/)
  })
  test('has at most 2,048 pixels a side, and at least one', () => {
    for (const picture of [png, jpeg]) {
      requirePicture(picture(MAX_PICTURE_SIDE, 1))
      for (const [width, height] of [
        [MAX_PICTURE_SIDE + 1, 1],
        [1, MAX_PICTURE_SIDE + 1],
        [0, 1],
        [1, 0],
      ] as const)
        assert.throws(() => requirePicture(picture(width, height)), { code: 'INVALID_ARGUMENT' })
    }
  })
  test('is a JPEG or a PNG', () =>
    assert.throws(() => requirePicture(Buffer.from('GIF89a')), /a JPEG or a PNG/))
})
