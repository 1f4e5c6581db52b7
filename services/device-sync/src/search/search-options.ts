import type { BodyPreference, ContentOptions } from '@relais/proto/mail/v1/mail.ts'
import { contentOptionsOf } from '../classes/body-options.ts'
import type { TagName } from '../wbxml/code-pages.ts'
import type { WbxmlNode } from '../wbxml/node.ts'
import { child, has, intChild, textChild } from '../wbxml/read.ts'
import { parseResultRange, type ResultRange, sizeOf } from './result-range.ts'
import { type Refusal, refused, STORE_STATUS } from './store-status.ts'

/** MS-ASCMD 2.2.3.143.4: of the address list and of mail; more at once is refused. */
const MAX_RESULTS = 100
const DEFAULT_RANGE: ResultRange = { first: 0, last: MAX_RESULTS - 1 }

export const rangeIn = (options: WbxmlNode | undefined): ResultRange | Refusal => {
  const text = textChild(options, 'search:Range', { max: 32 })
  if (text === undefined) return DEFAULT_RANGE
  const range = parseResultRange(text)
  if (!range) return refused(STORE_STATUS.invalid, 'no range')
  return sizeOf(range) > MAX_RESULTS ? refused(STORE_STATUS.endOfRange, 'a range of too many results') : range
}

/** A hundred bodies are in one answer; who opens a message fetches the rest. */
const MAX_BODY = 128 * 1024

const bounded = (preference: BodyPreference): BodyPreference => ({
  ...preference,
  truncation: Math.min(preference.truncation ?? MAX_BODY, MAX_BODY),
})

const BODIES: readonly TagName[] = ['airsyncbase:BodyPreference', 'airsyncbase:BodyPartPreference']

/** Bodies are there for who says how they are wanted. */
export const bodiesIn = (options: WbxmlNode | undefined): ContentOptions | undefined => {
  if (!options || !BODIES.some((tag) => has(options, tag))) return undefined
  const content = contentOptionsOf(options)
  return { ...content, bodies: content.bodies.map(bounded) }
}

export const isDeep = (options: WbxmlNode | undefined): boolean =>
  options !== undefined && has(options, 'search:DeepTraversal')

/** How many pictures are wanted, and how large in bytes. */
export type PictureOptions = { readonly maxSize: number; readonly maxPictures: number }

type PictureTags = { readonly picture: TagName; readonly maxSize: TagName; readonly maxPictures: TagName }

/** Undefined: none are wanted. Errors: INVALID_VALUE. */
export const picturesIn = (
  options: WbxmlNode | undefined,
  { picture, maxSize, maxPictures }: PictureTags,
): PictureOptions | undefined => {
  const wanted = child(options, picture)
  if (!wanted) return undefined
  return {
    maxSize: intChild(wanted, maxSize) ?? Number.POSITIVE_INFINITY,
    maxPictures: intChild(wanted, maxPictures) ?? Number.POSITIVE_INFINITY,
  }
}
