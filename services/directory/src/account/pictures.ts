import { terminal } from '@relais/service-kit/errors.ts'
import type { DirectoryEvent } from '../events.ts'
import { MAX_PICTURE_BYTES, MAX_PICTURE_SIDE, pictureShape } from '../picture/picture.ts'
import type { Account } from './account.ts'

export type SetPicture = {
  readonly type: 'SetPicture'
  /** SHA-256 of the picture, lower-case hex. */
  readonly blob: string
  readonly size: number
}
export type RemovePicture = { readonly type: 'RemovePicture' }
export type PictureCommand = SetPicture | RemovePicture

const invalid = (reason: string) => terminal('INVALID_ARGUMENT', reason)

/** Before it is written anywhere. Errors: INVALID_ARGUMENT. */
export const requirePicture = (bytes: Uint8Array): void => {
  if (bytes.length > MAX_PICTURE_BYTES) throw invalid(`a picture has at most ${MAX_PICTURE_BYTES} bytes`)
  const shape = pictureShape(bytes)
  if (!shape) throw invalid('a picture is a JPEG or a PNG')
  const { width, height } = shape
  if (Math.max(width, height) > MAX_PICTURE_SIDE || width === 0 || height === 0)
    throw invalid(`a picture has 1 to ${MAX_PICTURE_SIDE} pixels a side`)
}

export const setPicture = ({ picture }: Account, { blob, size }: SetPicture): readonly DirectoryEvent[] =>
  picture?.blob === blob ? [] : [{ type: 'PictureSet', payload: { blob, size } }]

export const removePicture = ({ picture }: Account): readonly DirectoryEvent[] =>
  picture === undefined ? [] : [{ type: 'PictureRemoved', payload: {} }]
