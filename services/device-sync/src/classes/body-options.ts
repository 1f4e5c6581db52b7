import type { BodyPreference, ContentOptions } from '@relais/proto/mail/v1/mail.ts'
import { StatusError } from '../commands/status-error.ts'
import { ValueError } from '../wbxml/errors.ts'
import type { WbxmlNode } from '../wbxml/node.ts'
import { boolChild, child, childrenNamed, intChild } from '../wbxml/read.ts'

/** AirSyncBase Type by our word; RTF (3) isn't made here. */
const types: Readonly<Record<number, string>> = { 1: 'plain', 2: 'html', 4: 'mime' }

/** MIMETruncation (MS-ASCMD 2.2.3.102): 0 cuts all, 8 nothing. */
const mimeTruncations = [0, 4096, 5120, 7168, 10_240, 20_480, 51_200, 102_400, undefined] as const

const preferenceOf = (node: WbxmlNode): BodyPreference | undefined => {
  const type = types[intChild(node, 'airsyncbase:Type', { min: 1, max: 4 }) ?? 0]
  return type === undefined
    ? undefined
    : {
        type,
        truncation: intChild(node, 'airsyncbase:TruncationSize'),
        allOrNone: boolChild(node, 'airsyncbase:AllOrNone') ?? false,
        preview: intChild(node, 'airsyncbase:Preview', { max: 255 }) ?? 0,
      }
}

/** One of a type (MS-ASAIRS 2.2.2.12). */
const requireOneOfEach = (nodes: readonly WbxmlNode[]): void => {
  const named = nodes.map((node) => intChild(node, 'airsyncbase:Type'))
  if (new Set(named).size < named.length)
    throw new ValueError('airsyncbase:BodyPreference', 'is there more than once for a type')
}

const HTML = 2
const BODY_PART_TYPE = 164

/** MS-ASAIRS 2.2.2.11: a part of a conversation comes as HTML alone. Errors: Status 164. */
const bodyPartOf = (options: WbxmlNode | undefined): BodyPreference | undefined => {
  const node = child(options, 'airsyncbase:BodyPartPreference')
  if (!node) return undefined
  if (intChild(node, 'airsyncbase:Type', { min: 1, max: 4 }) !== HTML)
    throw new StatusError(BODY_PART_TYPE, 'a part of a conversation is HTML')
  const preference = preferenceOf(node)
  return preference && { ...preference, type: 'part' }
}

/** MIMETruncation holds where a preference for MIME has no TruncationSize of its own. */
const truncated = (preference: BodyPreference, mimeTruncation: number | undefined): BodyPreference =>
  preference.type === 'mime' && preference.truncation === undefined && mimeTruncation !== undefined
    ? { ...preference, truncation: mimeTruncations[mimeTruncation] }
    : preference

/** Without a preference a client gets plain text whole (MS-ASAIRS 2.2.2.12). */
const plain: BodyPreference = { type: 'plain', truncation: undefined, allOrNone: false, preview: 0 }

/**
 * How bodies are wanted, from Options of Sync or ItemOperations (MS-ASAIRS 2.2.2.12). No Options: plain text.
 * Errors: INVALID_VALUE, Status 164.
 */
export const contentOptionsOf = (options: WbxmlNode | undefined): ContentOptions => {
  const given = options ? childrenNamed(options, 'airsyncbase:BodyPreference') : []
  requireOneOfEach(given)
  const mimeTruncation = intChild(options, 'airsync:MIMETruncation', { max: 8 })
  const bodies = given
    .map(preferenceOf)
    .filter((preference) => preference !== undefined)
    .map((preference) => truncated(preference, mimeTruncation))
  const part = bodyPartOf(options)
  return {
    bodies: [...(bodies.length === 0 ? [plain] : bodies), ...(part ? [part] : [])],
    mimeSupport: intChild(options, 'airsync:MIMESupport', { max: 2 }) ?? 0,
    withBody: true,
    streamMime: false,
    inlineBytes: 0,
  }
}
