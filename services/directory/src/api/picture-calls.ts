import { spaceOf } from '@relais/blob-store'
import type {
  DeepPartial,
  DirectoryServiceImplementation,
  GetPicturesRequest,
  GetPicturesResponse,
  Picture,
} from '@relais/proto/directory/v1/directory.ts'
import { describeError } from '@relais/service-kit'
import type { Call } from '@relais/service-kit/call.ts'
import { isCoded, terminal } from '@relais/service-kit/errors.ts'
import { requirePicture } from '../account/pictures.ts'
import { DIRECTORY_SERVICE } from '../events.ts'
import { readAccount } from '../queries/accounts.ts'
import { pictureOf } from '../queries/pictures.ts'
import { changeAccount } from './account-calls.ts'
import { requirePeopleOf } from './bounds.ts'
import { commandOf, type Parts } from './parts.ts'
import { requireMember, requireOperator } from './permissions.ts'

type Handlers = Pick<DirectoryServiceImplementation<Call>, 'getPictures' | 'setPicture' | 'removePicture'>

const NONE = new Uint8Array()

/** A picture that is lost or damaged is told, and keeps nobody else's from being shown. Errors: those that pass. */
const contentOf = async (
  { blobs, logger }: Parts,
  { tenant, account, blob }: { readonly tenant: string; readonly account: string; readonly blob: string },
): Promise<Uint8Array> => {
  try {
    return await blobs.get(spaceOf(tenant, DIRECTORY_SERVICE), blob)
  } catch (error) {
    if (!isCoded(error) || error.retryable) throw error
    logger.error(
      { ...describeError(error), tenant, account },
      "a picture can't be read; it must be set again",
    )
    return NONE
  }
}

const picturesFor = async (
  parts: Parts,
  { tenant, accounts, maxBytes, maxPictures }: GetPicturesRequest,
): Promise<Picture[]> => {
  const pictures: Picture[] = []
  let left = maxPictures ?? Number.POSITIVE_INFINITY
  for (const account of accounts) {
    const found = await pictureOf(parts.projector.store, { tenant, account })
    if (!found) continue
    const { blob, size } = found
    const isWanted = left > 0 && size <= (maxBytes ?? Number.POSITIVE_INFINITY)
    if (isWanted) left--
    const content = isWanted ? await contentOf(parts, { tenant, account, blob }) : NONE
    pictures.push({ account, size, content })
  }
  return pictures
}

const requireAccount = async ({ projector }: Parts, key: { tenant: string; account: string }) => {
  const { state } = await readAccount(projector.store, key)
  if (state.existence !== 'present') throw terminal('NOT_FOUND', 'there is no such account')
}

/** Pictures of people: read within the tenant, set by operators. */
export const pictureCalls = (parts: Parts): Handlers => ({
  getPictures: async (request, call): Promise<DeepPartial<GetPicturesResponse>> => {
    requireMember(call, request.tenant)
    requirePeopleOf(request.accounts)
    return { pictures: await picturesFor(parts, request) }
  },

  setPicture: async ({ tenant, account, content }, call) => {
    requireOperator(call)
    requirePicture(content)
    await requireAccount(parts, { tenant, account })
    const { id: blob, size } = await parts.blobs.put(spaceOf(tenant, DIRECTORY_SERVICE), content)
    const target = { parts, command: commandOf(parts, call), tenant, account }
    return changeAccount(target, { type: 'SetPicture', blob, size })
  },

  removePicture: ({ tenant, account }, call) => {
    requireOperator(call)
    const target = { parts, command: commandOf(parts, call), tenant, account }
    return changeAccount(target, { type: 'RemovePicture' })
  },
})
