import { ValueError } from '../wbxml/errors.ts'
import type { WbxmlNode } from '../wbxml/node.ts'
import { child, has, requiredText, textChild, textOf } from '../wbxml/read.ts'
import { parseResultRange, type ResultRange } from './result-range.ts'
import { type PictureOptions, picturesIn } from './search-options.ts'

/** Status of Find and of its Response (MS-ASCMD 2.2.3.177.5). */
export const FIND_STATUS = { ok: 1, invalid: 2, folderSync: 3, badRange: 4 } as const

export type MailFind = {
  readonly kind: 'mail'
  /** Keyword Query Language. */
  readonly text: string
  readonly classes: readonly string[]
  readonly collections: readonly string[]
  readonly deep: boolean
  readonly range: ResultRange
}
export type PeopleFind = {
  readonly kind: 'people'
  readonly text: string
  readonly range: ResultRange
  readonly pictures: PictureOptions | undefined
}

export type FindRequest = MailFind | PeopleFind | { readonly kind: 'refused'; readonly status: number }

const DEFAULT_RANGE: ResultRange = { first: 0, last: 99 }

const MAX_TEXT = 1024
const MAX_ID = 64

/** A Find has no pages: whoever wants more asks for a longer range from the beginning. */
const rangeIn = (options: WbxmlNode | undefined): ResultRange | number => {
  const text = textChild(options, 'find:Range', { max: 32 })
  if (text === undefined) return DEFAULT_RANGE
  const range = parseResultRange(text)
  if (!range) return FIND_STATUS.invalid
  return range.first === 0 ? range : FIND_STATUS.badRange
}

const EVERYWHERE = '0'

const mailFind = (criterion: WbxmlNode): FindRequest => {
  const query = child(criterion, 'find:Query')
  const options = child(criterion, 'find:Options')
  const range = rangeIn(options)
  if (typeof range === 'number') return { kind: 'refused', status: range }
  const text = requiredText(query, 'find:FreeText', { max: MAX_TEXT })
  const collection = textChild(query, 'airsync:CollectionId', { max: MAX_ID })
  const ofClass = textChild(query, 'airsync:Class', { max: MAX_ID })
  return {
    ...{ kind: 'mail', text, range, deep: options !== undefined && has(options, 'find:DeepTraversal') },
    classes: ofClass ? [ofClass] : [],
    collections: collection && collection !== EVERYWHERE ? [collection] : [],
  }
}

const PICTURE = { picture: 'find:Picture', maxSize: 'find:MaxSize', maxPictures: 'find:MaxPictures' } as const

const peopleFind = (criterion: WbxmlNode): FindRequest => {
  const options = child(criterion, 'find:Options')
  const range = rangeIn(options)
  if (typeof range === 'number') return { kind: 'refused', status: range }
  const query = child(criterion, 'find:Query')
  const text = query ? textOf(query, MAX_TEXT).trim() : ''
  if (text === '') return { kind: 'refused', status: FIND_STATUS.invalid }
  return { kind: 'people', text, range, pictures: picturesIn(options, PICTURE) }
}

/** Errors: INVALID_VALUE. */
export const readFind = (body: WbxmlNode | undefined): FindRequest => {
  requiredText(body, 'find:SearchId', { max: MAX_ID })
  const search = child(body, 'find:ExecuteSearch')
  const mail = child(search, 'find:MailBoxSearchCriterion')
  const people = child(search, 'find:GalSearchCriterion')
  if (!mail === !people) throw new ValueError('find:ExecuteSearch', 'wants one criterion')
  return mail ? mailFind(mail) : peopleFind(people as WbxmlNode)
}
