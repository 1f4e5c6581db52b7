import { terminal } from '@relais/service-kit'
import { COMMAND_NAMES } from './protocol.ts'

/** What the query of a POST says (MS-ASHTTP 2.2.1.1.1), from either of its two forms. */
export type RequestLine = {
  readonly command: string
  /** As the client gives it; informational only. */
  readonly user: string
  readonly deviceId: string
  readonly deviceType: string
  /** Times ten; undefined in the plain form, where headers say it. */
  readonly version: number | undefined
  readonly policyKey: number | undefined
  /** LCID of the base64 form. */
  readonly locale: number | undefined
  readonly acceptMultipart: boolean
  /** Of SendMail, SmartReply and SmartForward up to 12.1, where the body is the message alone. */
  readonly saveInSent: boolean
  /** '' where it isn't given, as all that follow. Of GetAttachment. */
  readonly attachmentName: string
  /** Of SmartReply and SmartForward up to 12.1. */
  readonly collectionId: string
  readonly itemId: string
  readonly longId: string
  readonly occurrence: string
}

const malformed = (reason: string) => terminal('MALFORMED_QUERY', reason)

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const plainParameters = (query: string): ReadonlyMap<string, string> => {
  const parameters = new Map<string, string>()
  for (const part of query.split('&')) {
    const equals = part.indexOf('=')
    if (equals > 0) parameters.set(part.slice(0, equals).toLowerCase(), decoded(part.slice(equals + 1)))
  }
  return parameters
}

const parsePlain = (query: string): RequestLine => {
  const parameters = plainParameters(query)
  const given = (name: string) => parameters.get(name) ?? ''
  return {
    command: given('cmd'),
    user: given('user'),
    deviceId: given('deviceid'),
    deviceType: given('devicetype'),
    version: undefined,
    policyKey: undefined,
    locale: undefined,
    acceptMultipart: false,
    saveInSent: /^t/i.test(given('saveinsent')),
    attachmentName: given('attachmentname'),
    collectionId: given('collectionid'),
    itemId: given('itemid'),
    longId: given('longid'),
    occurrence: given('occurrence'),
  }
}

type Bytes = { readonly bytes: Buffer; at: number }

const take = (reading: Bytes, length: number): Buffer => {
  const taken = reading.bytes.subarray(reading.at, reading.at + length)
  if (taken.length < length) throw malformed('the query ends too soon')
  reading.at += length
  return taken
}

const takeByte = (reading: Bytes): number => take(reading, 1).readUInt8()

const takeField = (reading: Bytes): Buffer => take(reading, takeByte(reading))

const isPrintable = (bytes: Buffer): boolean => bytes.every((byte) => byte >= 0x20 && byte < 0x7f)

/** A device id is ASCII or a raw GUID (Windows Phone); hex keeps the latter stable. */
const deviceIdOf = (bytes: Buffer): string =>
  isPrintable(bytes) ? bytes.toString('latin1') : bytes.toString('hex')

const takePolicyKey = (reading: Bytes): number | undefined => {
  const field = takeField(reading)
  if (field.length !== 0 && field.length !== 4) throw malformed(`a policy key of ${field.length} bytes`)
  return field.length === 4 ? field.readUInt32LE() : undefined
}

/** MS-ASHTTP 2.2.1.1.1.1.3. */
const TAGS = {
  attachmentName: 0,
  collectionId: 1,
  itemId: 3,
  longId: 4,
  occurrence: 6,
  options: 7,
  user: 8,
} as const
const SAVE_IN_SENT = 0x01
const ACCEPT_MULTIPART = 0x02

const takeParameters = (reading: Bytes): ReadonlyMap<number, Buffer> => {
  const parameters = new Map<number, Buffer>()
  while (reading.at < reading.bytes.length) parameters.set(takeByte(reading), takeField(reading))
  return parameters
}

const parseBase64 = (query: string): RequestLine => {
  const text = decoded(query)
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) throw malformed('the query is neither plain nor base64')
  const reading: Bytes = { bytes: Buffer.from(text, 'base64'), at: 0 }
  const version = takeByte(reading)
  const command = COMMAND_NAMES[takeByte(reading)]
  if (command === undefined) throw terminal('UNKNOWN_COMMAND', 'no command has this code')
  const locale = take(reading, 2).readUInt16LE()
  const deviceId = deviceIdOf(takeField(reading))
  const policyKey = takePolicyKey(reading)
  const deviceType = takeField(reading).toString('latin1')
  const parameters = takeParameters(reading)
  const options = parameters.get(TAGS.options)?.[0] ?? 0
  const given = (tag: number) => parameters.get(tag)?.toString('utf8') ?? ''
  return {
    command,
    user: given(TAGS.user),
    deviceId,
    deviceType,
    version,
    policyKey,
    locale,
    acceptMultipart: (options & ACCEPT_MULTIPART) !== 0,
    saveInSent: (options & SAVE_IN_SENT) !== 0,
    attachmentName: given(TAGS.attachmentName),
    collectionId: given(TAGS.collectionId),
    itemId: given(TAGS.itemId),
    longId: given(TAGS.longId),
    occurrence: given(TAGS.occurrence),
  }
}

/**
 * Reads the query without its "?". Plain queries name a Cmd; everything else must be base64 (also with the URL-safe alphabet,
 * without padding, or percent-encoded). Errors: MALFORMED_QUERY, UNKNOWN_COMMAND.
 */
export const parseRequestLine = (query: string): RequestLine =>
  /(^|&)cmd=/i.test(query) ? parsePlain(query) : parseBase64(query)
