import { createHash } from 'node:crypto'
import type { MobilePolicy, PolicyEntry } from '@relais/mobile-policy'
import type { EasVersion } from '../wbxml/code-page.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'
import { provisionDocument } from './provision-document.ts'
import { wapDocument } from './wap-document.ts'

const WBXML_SINCE: EasVersion = 120

/** What a device must keep to, as its version says it. */
export type CurrentPolicy = {
  /** What is sent. */
  readonly data: WbxmlNode
  /** Of what is sent, and of how strictly: another one must be acknowledged anew. */
  readonly hash: string
  readonly strict: boolean
}

/** MS-ASPROV 2.2.2.43: 2.5 has its own, an XML document as text. */
export const policyType = (version: EasVersion): string =>
  version < WBXML_SINCE ? 'MS-WAP-Provisioning-XML' : 'MS-EAS-Provisioning-WBXML'

const said = ({ entries }: MobilePolicy, version: EasVersion): readonly PolicyEntry[] =>
  entries.filter(({ rule }) => rule.from <= version && version <= rule.to)

/** What a version can't express isn't in it: a change of that alone asks for no acknowledgement, which would never end. */
const hashOf = (entries: readonly PolicyEntry[], strict: boolean): string =>
  createHash('sha256')
    .update(JSON.stringify([strict, ...entries.map(({ name, values }) => [name, ...values])]))
    .digest('hex')
    .slice(0, 32)

/** What is sent, and what it is known by. */
type Said = Pick<CurrentPolicy, 'data' | 'hash'>

const asDocument = (policy: MobilePolicy, version: EasVersion): Said | undefined => {
  const entries = said(policy, version)
  if (entries.length === 0) return undefined
  const data = el('provision:Data', [provisionDocument(entries)])
  return { data, hash: hashOf(entries, policy.strict) }
}

const asText = (policy: MobilePolicy): Said | undefined => {
  const text = wapDocument(policy)
  if (text === undefined) return undefined
  const hash = createHash('sha256').update(`${policy.strict}\0${text}`).digest('hex').slice(0, 32)
  return { data: el('provision:Data', text), hash }
}

const made = (policy: MobilePolicy, version: EasVersion): CurrentPolicy | undefined => {
  const { strict } = policy
  const found = version < WBXML_SINCE ? asText(policy) : asDocument(policy, version)
  return found && { ...found, strict }
}

/** Every request asks, and settings are kept as they are until they change. */
const known = new WeakMap<MobilePolicy, Map<EasVersion, CurrentPolicy | undefined>>()

/** Undefined: there is none that this version could say. */
export const currentPolicy = (policy: MobilePolicy, version: EasVersion): CurrentPolicy | undefined => {
  const versions = known.get(policy) ?? new Map<EasVersion, CurrentPolicy | undefined>()
  known.set(policy, versions)
  if (!versions.has(version)) versions.set(version, made(policy, version))
  return versions.get(version)
}

/** 32 bits, never 0. */
const keyOf = (kind: 'temporary' | 'final', device: string, { hash }: CurrentPolicy): number =>
  createHash('sha256').update(`${kind}\0${device}\0${hash}`).digest().readUInt32BE() || 1

/**
 * Keys of a policy (MS-ASPROV 2.2.2.42): the one that it is sent with, and the one that requests carry once it was acknowledged.
 * They follow from what was sent and to whom, so any process answers either half.
 */
export const temporaryKey = (device: string, policy: CurrentPolicy): number =>
  keyOf('temporary', device, policy)
export const finalKey = (device: string, policy: CurrentPolicy): number => keyOf('final', device, policy)
