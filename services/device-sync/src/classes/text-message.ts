import type { SyncAdd } from '@relais/proto/mail/v1/mail.ts'
import { SyncAdd as SyncAddCodec } from '@relais/proto/mail/v1/mail.ts'
import type { TagName } from '../wbxml/code-pages.ts'
import { ValueError } from '../wbxml/errors.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'
import { child, childrenOf } from '../wbxml/read.ts'
import { dateTimeOf } from './dates.ts'
import { readDraft } from './draft.ts'

/** What a text message has beside what a draft can have. */
const OWN: ReadonlySet<TagName> = new Set<TagName>(['email:DateReceived'])
/** It has no files, and isn't sent from here. */
const NOT_HERE: ReadonlySet<TagName> = new Set<TagName>([
  'airsyncbase:Attachments',
  'email2:Send',
  'email2:Bcc',
])

/** ApplicationData of an Add of class SMS (MS-ASMS): a text message of the phone, which is kept as one. Errors: INVALID_VALUE. */
export const readTextMessage = (applicationData: WbxmlNode): SyncAdd => {
  const nodes = childrenOf(applicationData)
  const stranger = nodes.find(({ tag }) => NOT_HERE.has(tag))
  if (stranger) throw new ValueError(stranger.tag, 'is nothing that a text message has')
  const rest = nodes.filter(({ tag }) => !OWN.has(tag))
  const { draft, change } = readDraft(el('airsync:ApplicationData', rest))
  const received = child(applicationData, 'email:DateReceived')
  return SyncAddCodec.fromPartial({
    ...{ kind: 'sms', draft: draft ?? {}, seen: change.seen ?? false, flag: change.flag?.flag },
    categories: change.categories?.categories ?? [],
    receivedAt: received ? dateTimeOf(received) : 0,
  })
}
