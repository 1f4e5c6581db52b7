import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { FAMILY_NAMES, type FamilyName } from '../eas/families.ts'
import type { NetworkName } from '../eas/plan.ts'
import type { MailDoor } from './post.ts'

/** Errors of whoever types a command: one line, and exit code 2. */
export class UsageError extends Error {}

const UNITS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600 }
const MOST_SECONDS = 7 * 24 * 3600

/** `90`, `90s`, `10m`, `8h` in seconds. */
export const secondsOf = (name: string, text: string): number => {
  const [, number = '', unit = ''] = /^(\d{1,7}(?:\.\d{1,3})?)(s|m|h|)$/.exec(text) ?? []
  const seconds = number === '' ? Number.NaN : Number(number) * (UNITS[unit] ?? Number.NaN)
  if (!(seconds > 0) || seconds > MOST_SECONDS)
    throw new UsageError(`--${name} ${text}: give a time like 90s, 10m or 8h, of a week at most`)
  return seconds
}

/** A whole number. */
export const countOf = (
  name: string,
  text: string,
  { least = 1, most = 100_000_000 }: { readonly least?: number; readonly most?: number } = {},
): number => {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (!(count >= least && count <= most))
    throw new UsageError(`--${name} ${text}: give a whole number from ${least} to ${most}`)
  return count
}

export const factorOf = (name: string, text: string): number => {
  const factor = /^\d{1,6}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN
  if (Number.isNaN(factor)) throw new UsageError(`--${name} ${text}: give a number`)
  return factor
}

const NETWORK_NAMES: readonly NetworkName[] = ['good', 'slow', 'bad']

/** `ios=50,android=35,outlook=15`. */
export const mixOf = (text: string): Partial<Record<FamilyName, number>> =>
  weightsOf('mix', text, FAMILY_NAMES)

/** `good=80,slow=15,bad=5`. */
export const networksOf = (text: string): Partial<Record<NetworkName, number>> =>
  weightsOf('networks', text, NETWORK_NAMES)

const weightsOf = <Name extends string>(
  option: string,
  text: string,
  names: readonly Name[],
): Partial<Record<Name, number>> => {
  const weights = Object.fromEntries(
    text.split(',').map((part) => {
      const [name = '', weight = ''] = part.split('=')
      if (!names.includes(name as Name))
        throw new UsageError(`--${option} ${name}: there are ${names.join(', ')}`)
      return [name, factorOf(option, weight)]
    }),
  ) as Partial<Record<Name, number>>
  if (Object.values<number | undefined>(weights).every((weight) => !weight))
    throw new UsageError(`--${option} ${text}: somebody must have a part`)
  return weights
}

/** `https://mail.example`, without what follows `/Microsoft-Server-ActiveSync`. */
export const urlOf = (text: string): string => {
  const url = URL.parse(text)
  if (
    url === null ||
    !/^https?:$/.test(url.protocol) ||
    url.username + url.password !== '' ||
    url.search + url.hash !== ''
  )
    throw new UsageError(`--against ${text}: give an address like https://mail.example`)
  return url.href.replace(/\/+$/, '').replace(/(\/+microsoft-server-activesync)?$/i, '')
}

/** `HOST:PORT`. */
export const doorOf = (protocol: MailDoor['protocol'], text: string): MailDoor => {
  const [, host = '', port = ''] = /^(.+):(\d{1,5})$/.exec(text) ?? []
  if (host === '' || Number(port) > 65_535 || Number(port) === 0)
    throw new UsageError(`--${protocol} ${text}: give HOST:PORT`)
  return { protocol, host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
}

export const addressesOf = (text: string | undefined): readonly string[] => {
  const addresses = text === undefined ? [] : text.split(',')
  for (const address of addresses)
    if (isIP(address) === 0) throw new UsageError(`--from ${address}: give addresses of this machine`)
  return addresses
}

export const readText = (name: string, file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError(`--${name} ${file}: ${(error as Error).message}`)
  }
}
