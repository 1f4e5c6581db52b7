import { terminal } from '@relais/service-kit/errors.ts'
import { type Address, parseAddress } from '../address/address.ts'
import { isLocale } from '../settings/locale.ts'
import { isTimeZone } from '../settings/time-zone.ts'

/** What an address list shows of a person. */
const ATTRIBUTE_NAMES: ReadonlySet<string> = new Set([
  'title',
  'company',
  'department',
  'office',
  'phone',
  'mobilePhone',
  'homePhone',
  'firstName',
  'lastName',
  'alias',
])

const MAX_DISPLAY_NAME = 256
const MAX_ATTRIBUTE = 256

const invalid = (reason: string) => terminal('INVALID_ARGUMENT', reason)

const isLine = (text: string, length: number) => text.length <= length && !/[\p{Cc}\p{Cs}]/u.test(text)

/** Errors: INVALID_ADDRESS. */
export const requireAddress = (text: string): Address => {
  const address = parseAddress(text)
  if (address === undefined)
    throw terminal('INVALID_ADDRESS', `${JSON.stringify(text.slice(0, 100))} is no address`)
  return address
}

const requireAttribute = ([name, value]: readonly [string, string]) => {
  if (!ATTRIBUTE_NAMES.has(name))
    throw invalid(`an account has no attribute ${JSON.stringify(name.slice(0, 60))}`)
  if (!isLine(value, MAX_ATTRIBUTE))
    throw invalid(`${name} has at most ${MAX_ATTRIBUTE} characters on one line`)
}

export type AccountFields = {
  readonly displayName?: string | undefined
  readonly locale?: string | undefined
  readonly timeZone?: string | undefined
  readonly quotaBytes?: number | undefined
  readonly attributes: Readonly<Record<string, string>>
}

/** Errors: INVALID_ARGUMENT. */
export const requireFields = ({
  displayName,
  locale,
  timeZone,
  quotaBytes,
  attributes,
}: AccountFields): void => {
  if (displayName !== undefined && !isLine(displayName, MAX_DISPLAY_NAME))
    throw invalid(`a display name has at most ${MAX_DISPLAY_NAME} characters on one line`)
  if (locale && !isLocale(locale)) throw invalid('the locale is no language tag like de or pt-BR')
  if (timeZone && !isTimeZone(timeZone)) throw invalid('the time zone is none like Europe/Berlin')
  if (quotaBytes !== undefined && !(Number.isSafeInteger(quotaBytes) && quotaBytes >= 0))
    throw invalid('a quota is a number of bytes')
  Object.entries(attributes).forEach(requireAttribute)
}
