import { decodeWbxml } from '@relais/device-sync/wbxml/decode.ts'
import type { WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import {
  child,
  childrenNamed,
  childrenOf,
  descendant,
  has,
  textChild,
} from '@relais/device-sync/wbxml/read.ts'

/** Of one answer: 512 messages, each of up to 64 KB of body. */
export const MAX_ANSWER_BYTES = 48 * 1024 * 1024
const LIMITS = { maxBytes: MAX_ANSWER_BYTES, maxElements: 100_000, maxText: 1024 * 1024 }

/** Undefined: nothing was said. Errors: WbxmlError. */
export const readAnswer = (body: Uint8Array): WbxmlNode | undefined =>
  body.length === 0 ? undefined : decodeWbxml(body, LIMITS)

export type Added = { readonly id: string; readonly subject: string; readonly isRead: boolean }

export type FolderAnswer = {
  readonly id: string
  readonly status: string
  readonly key: string | undefined
  readonly isMore: boolean
  readonly added: readonly Added[]
}

export type SyncAnswer = {
  /** Of the whole; '1' where there is none. */
  readonly status: string
  /** Seconds that it may wait at most or at least, with Status 14. */
  readonly limit: number | undefined
  readonly folders: readonly FolderAnswer[]
}

export const readSync = (root: WbxmlNode | undefined): SyncAnswer => {
  const collections = child(root, 'airsync:Collections')
  return {
    status: textChild(root, 'airsync:Status') ?? '1',
    limit: numberIn(root, 'airsync:Limit'),
    folders:
      collections === undefined ? [] : childrenNamed(collections, 'airsync:Collection').map(readFolder),
  }
}

const readFolder = (collection: WbxmlNode): FolderAnswer => {
  const commands = child(collection, 'airsync:Commands')
  return {
    id: textChild(collection, 'airsync:CollectionId') ?? '',
    status: textChild(collection, 'airsync:Status') ?? '1',
    key: textChild(collection, 'airsync:SyncKey'),
    isMore: has(collection, 'airsync:MoreAvailable'),
    added: commands === undefined ? [] : childrenNamed(commands, 'airsync:Add').map(readAdded),
  }
}

const readAdded = (add: WbxmlNode): Added => {
  const data = child(add, 'airsync:ApplicationData')
  return {
    id: textChild(add, 'airsync:ServerId') ?? '',
    subject: textChild(data, 'email:Subject', { max: 64 * 1024 }) ?? '',
    isRead: textChild(data, 'email:Read') === '1',
  }
}

export type Hierarchy = {
  readonly status: string
  readonly key: string
  readonly folders: readonly { readonly id: string; readonly type: string }[]
}

export const readHierarchy = (root: WbxmlNode | undefined): Hierarchy => {
  const changes = child(root, 'folderhierarchy:Changes')
  const added = changes === undefined ? [] : childrenNamed(changes, 'folderhierarchy:Add')
  return {
    status: textChild(root, 'folderhierarchy:Status') ?? '',
    key: textChild(root, 'folderhierarchy:SyncKey') ?? '0',
    folders: added.map((folder) => ({
      id: textChild(folder, 'folderhierarchy:ServerId') ?? '',
      type: textChild(folder, 'folderhierarchy:Type') ?? '',
    })),
  }
}

export type PingAnswer = { readonly status: string; readonly heartbeat: number | undefined }

export const readPing = (root: WbxmlNode | undefined): PingAnswer => ({
  status: textChild(root, 'ping:Status') ?? '',
  heartbeat: numberIn(root, 'ping:HeartbeatInterval'),
})

export type PolicyAnswer = {
  readonly status: string
  /** Of the policy; '2': there is none. */
  readonly policy: string | undefined
  readonly key: string | undefined
}

export const readPolicy = (root: WbxmlNode | undefined): PolicyAnswer => {
  const policy = descendant(root, 'provision:Policies', 'provision:Policy')
  return {
    status: textChild(root, 'provision:Status') ?? '',
    policy: textChild(policy, 'provision:Status'),
    key: policyKeyIn(policy),
  }
}

/** [MS-ASPROV] 2.2.2.42: a number of 32 bits. It goes into the head of every request, which has no place for anything else. */
const policyKeyIn = (policy: WbxmlNode | undefined): string | undefined => {
  const key = textChild(policy, 'provision:PolicyKey')
  return key !== undefined && /^\d{1,10}$/.test(key) ? key : undefined
}

/** The Status of an answer as a whole, whatever its command: where the server couldn't do it, there is nothing else. */
export const statusOf = (root: WbxmlNode | undefined): string => {
  if (root === undefined) return '1'
  const status = childrenOf(root).find(({ tag }) => tag.endsWith(':Status'))
  return typeof status?.content === 'string' ? status.content : '1'
}

const numberIn = (
  root: WbxmlNode | undefined,
  tag: 'airsync:Limit' | 'ping:HeartbeatInterval',
): number | undefined => {
  const text = textChild(root, tag)
  return text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : undefined
}
