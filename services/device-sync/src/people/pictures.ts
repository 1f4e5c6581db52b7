import type { DirectoryClient, Person, Picture } from '@relais/proto/directory/v1/directory.ts'
import type { CallExtras } from '@relais/service-kit'
import type { CommandContext } from '../commands/command.ts'
import type { PictureOptions } from '../search/search-options.ts'
import type { TagName } from '../wbxml/code-pages.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'

/** Status of a Picture (MS-ASCMD 2.2.2). */
const PICTURE_STATUS = { ok: 1, none: 173, tooLarge: 174, limitReached: 175 } as const

/** In one answer, whatever was asked for: at 100 KiB each that is 10 MB. */
export const MAX_PICTURES = 100

/** People whose pictures are looked for; what lies behind is beyond the limit. */
const MAX_LOOKED_AT = 1000
/** The directory takes so many a call. */
const AT_ONCE = 100

const MAX_UINT32 = 0xffff_ffff

/** The Picture of a person, in the order in which people stand in the answer; false: none was asked for. */
export type Pictured = (person: Pick<Person, 'account'>) => WbxmlNode | false

const NO_PICTURES_ASKED: Pictured = () => false

/** Elements of the page in which the answer is. */
export type PictureTags = { readonly picture: TagName; readonly status: TagName; readonly data: TagName }

export const GAL_PICTURE: PictureTags = { picture: 'gal:Picture', status: 'gal:Status', data: 'gal:Data' }

type Asked = {
  readonly people: readonly Person[]
  readonly options: PictureOptions | undefined
  readonly tags: PictureTags
}

const fetched = async (
  directory: DirectoryClient<CallExtras>,
  { user: { tenant }, call }: CommandContext,
  {
    accounts,
    maxSize,
    max,
  }: { readonly accounts: readonly string[]; readonly maxSize: number; readonly max: number },
): Promise<ReadonlyMap<string, Picture>> => {
  const found = new Map<string, Picture>()
  let left = max
  for (let at = 0; at < accounts.length; at += AT_ONCE) {
    const request = { tenant, accounts: accounts.slice(at, at + AT_ONCE) }
    const bounds = { maxBytes: Math.min(maxSize, MAX_UINT32), maxPictures: left }
    const { pictures } = await directory.getPictures({ ...request, ...bounds }, call)
    for (const picture of pictures) found.set(picture.account, picture)
    left -= pictures.filter(({ content }) => content.length > 0).length
  }
  return found
}

/** Gets the pictures of people that a phone asks for. Errors: those of the directory. */
export const picturesOf = async (
  directory: DirectoryClient<CallExtras>,
  context: CommandContext,
  { people, options, tags }: Asked,
): Promise<Pictured> => {
  if (!options) return NO_PICTURES_ASKED
  const { maxSize } = options
  const max = Math.min(options.maxPictures, MAX_PICTURES)
  const accounts = [...new Set(people.map(({ account }) => account))].slice(0, MAX_LOOKED_AT)
  const found = await fetched(directory, context, { accounts, maxSize, max })
  const looked = new Set(accounts)
  let given = 0
  const statusOf = (account: string, picture: Picture | undefined): number => {
    if (!picture) return looked.has(account) ? PICTURE_STATUS.none : PICTURE_STATUS.limitReached
    if (picture.size > maxSize) return PICTURE_STATUS.tooLarge
    return given < max && picture.content.length > 0 ? PICTURE_STATUS.ok : PICTURE_STATUS.limitReached
  }
  return ({ account }) => {
    const picture = found.get(account)
    const status = statusOf(account, picture)
    const isGiven = status === PICTURE_STATUS.ok
    // The same person may stand in it more than once.
    if (isGiven) given++
    return el(tags.picture, [el(tags.status, status), isGiven && el(tags.data, picture?.content ?? '')])
  }
}
