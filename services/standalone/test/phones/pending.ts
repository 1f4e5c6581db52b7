import { el, type WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import { child, textChild } from '@relais/device-sync/wbxml/read.ts'

/** A message as it is shown. */
export type Item = { seen: boolean; flagged: boolean; subject: string }

/** What the user did and the server hasn't acknowledged. A draft that is new is known by the phone's own id. */
export type Pending =
  | { readonly kind: 'read' | 'unread' | 'flag' | 'delete' | 'send'; readonly id: string }
  | { readonly kind: 'edit' | 'add'; readonly id: string; readonly subject: string }

const written = (subject: string): readonly WbxmlNode[] => [
  el('email:To', 'b@else.example'),
  el('email:Subject', subject),
  el('airsyncbase:Body', [el('airsyncbase:Type', 1), el('airsyncbase:Data', `Text of ${subject}`)]),
]

const dataOf = (one: Exclude<Pending, { kind: 'delete' | 'add' }>): readonly WbxmlNode[] => {
  switch (one.kind) {
    case 'edit':
      return written(one.subject)
    case 'send':
      return [el('email2:Send')]
    case 'flag':
      return [el('email:Flag', [el('email:Status', 2), el('email:FlagType', 'for follow up')])]
    default:
      return [el('email:Read', one.kind === 'read')]
  }
}

export const commandElement = (one: Pending): WbxmlNode => {
  if (one.kind === 'add')
    return el('airsync:Add', [
      el('airsync:ClientId', one.id),
      el('airsync:ApplicationData', written(one.subject)),
    ])
  const serverId = el('airsync:ServerId', one.id)
  if (one.kind === 'delete') return el('airsync:Delete', [serverId])
  return el('airsync:Change', [serverId, el('airsync:ApplicationData', dataOf(one))])
}

/** What the user did since stays on the screen. */
export const withPending = (pending: readonly Pending[], id: string, item: Item): Item => {
  for (const one of pending) {
    if (one.id !== id) continue
    if (one.kind === 'flag') item.flagged = true
    else if (one.kind === 'edit' || one.kind === 'add') item.subject = one.subject
    else if (one.kind === 'read' || one.kind === 'unread') item.seen = one.kind === 'read'
  }
  return item
}

/** An item with what the server says of it. */
export const changed = (item: Item, data: WbxmlNode | undefined): Item => {
  const read = textChild(data, 'email:Read')
  const flag = child(data, 'email:Flag')
  return {
    seen: read === undefined ? item.seen : read === '1',
    flagged: flag === undefined ? item.flagged : textChild(flag, 'email:Status') === '2',
    subject: textChild(data, 'email:Subject') ?? item.subject,
  }
}
