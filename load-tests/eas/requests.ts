import { encodeWbxml } from '@relais/device-sync/wbxml/encode.ts'
import { el, type WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import type { KeptFolder, PhoneState } from './phone-state.ts'

const POLICY = el('provision:PolicyType', 'MS-EAS-Provisioning-WBXML')

const policies = (...children: readonly WbxmlNode[]): WbxmlNode =>
  el('provision:Policies', [el('provision:Policy', [POLICY, ...children])])

/** [MS-ASPROV] 3.1.5.1: what the phone is, and which policy there is. */
export const askPolicy = ({ family, device }: PhoneState): Uint8Array => {
  const set = el('settings:Set', [
    el('settings:Model', family.deviceType),
    el('settings:FriendlyName', device),
    el('settings:UserAgent', family.userAgent),
  ])
  return encodeWbxml(el('provision:Provision', [el('settings:DeviceInformation', [set]), policies()]))
}

/** [MS-ASPROV] 3.1.5.1: the policy was taken. */
export const takePolicy = (key: string): Uint8Array =>
  encodeWbxml(
    el('provision:Provision', [policies(el('provision:PolicyKey', key), el('provision:Status', 1))]),
  )

export const folderSync = (key: string): Uint8Array =>
  encodeWbxml(el('folderhierarchy:FolderSync', [el('folderhierarchy:SyncKey', key)]))

export const userInformation = (): Uint8Array =>
  encodeWbxml(el('settings:Settings', [el('settings:UserInformation', [el('settings:Get')])]))

/** The first request of a folder: a key, and no items. */
export const primeFolder = (phone: PhoneState, folder: KeptFolder): Uint8Array =>
  syncOf([collection({ ...folder, key: '0' }, [optionsOf(phone)])])

export const syncFolder = (phone: PhoneState, folder: KeptFolder): Uint8Array =>
  syncOf([wanted(phone, folder)])

/** All folders in one request, which waits where there is no news. */
export const heldSync = (phone: PhoneState, seconds: number): Uint8Array =>
  syncOf(
    phone.folders.map((folder) => wanted(phone, folder)),
    el('airsync:HeartbeatInterval', seconds),
  )

export const markRead = (phone: PhoneState, folder: KeptFolder, item: string): Uint8Array => {
  const data = el('airsync:ApplicationData', [el('email:Read', true)])
  const change = el('airsync:Change', [el('airsync:ServerId', item), data])
  return syncOf([wanted(phone, folder, el('airsync:Commands', [change]))])
}

export const ping = (seconds: number, folder: string): Uint8Array => {
  const one = el('ping:Folder', [el('ping:Id', folder), el('ping:Class', 'Email')])
  return encodeWbxml(el('ping:Ping', [el('ping:HeartbeatInterval', seconds), el('ping:Folders', [one])]))
}

/** [MS-ASCMD] 2.2.1.17: as clients from 14.0 on do. */
export const sendMail = (clientId: string, mime: string): Uint8Array =>
  encodeWbxml(
    el('composemail:SendMail', [
      el('composemail:ClientId', clientId),
      el('composemail:SaveInSentItems'),
      el('composemail:Mime', Buffer.from(mime, 'utf8')),
    ]),
  )

const syncOf = (collections: readonly WbxmlNode[], ...rest: readonly WbxmlNode[]): Uint8Array =>
  encodeWbxml(el('airsync:Sync', [el('airsync:Collections', collections), ...rest]))

const collection = ({ key, id }: KeptFolder, rest: readonly (WbxmlNode | undefined)[]): WbxmlNode =>
  el('airsync:Collection', [el('airsync:SyncKey', key), el('airsync:CollectionId', id), ...rest])

const wanted = (phone: PhoneState, folder: KeptFolder, commands?: WbxmlNode): WbxmlNode =>
  collection(folder, [
    el('airsync:GetChanges'),
    el('airsync:WindowSize', phone.window),
    optionsOf(phone),
    commands,
  ])

const HTML = 2

const optionsOf = ({ family }: PhoneState): WbxmlNode =>
  el('airsync:Options', [
    el('airsync:FilterType', family.filter),
    el('airsyncbase:BodyPreference', [
      el('airsyncbase:Type', HTML),
      el('airsyncbase:TruncationSize', family.bodyBytes),
    ]),
  ])
