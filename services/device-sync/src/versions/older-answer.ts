import type { EasVersion } from '../wbxml/code-page.ts'
import { knownIn, type TagName } from '../wbxml/code-pages.ts'
import { el, StreamedContent, Utf8Text, type WbxmlContent, type WbxmlNode } from '../wbxml/node.ts'
import { child, childrenNamed, childrenOf, descendant, textChild } from '../wbxml/read.ts'

/** Up to here a collection in an answer says its class, and empty answers to Sync don't exist. */
const CLASS_UNTIL: EasVersion = 121
const WHOLE_UNTIL: EasVersion = 120
const OWN_BODIES: EasVersion = 25

/** The only class that is served. */
const EMAIL = 'Email'

const OK = 1
const MIME = '4'

const bytesIn = (content: WbxmlContent): WbxmlContent => {
  if (content instanceof Utf8Text) return content.utf8
  if (content instanceof StreamedContent) return new StreamedContent('opaque', content.length, content.chunks)
  return typeof content === 'string' ? Buffer.from(content) : content
}

const as = (tag: TagName, node: WbxmlNode | undefined): WbxmlNode | undefined =>
  node && { tag, content: node.content }

/** Body of AirSyncBase as MIMEData or Body of 2.5, whose text may be missing where all of it was cut. */
const body25 = (body: WbxmlNode): readonly (WbxmlNode | undefined)[] => {
  const truncated = textChild(body, 'airsyncbase:Truncated') === '1'
  const size = child(body, 'airsyncbase:EstimatedDataSize')
  const data = child(body, 'airsyncbase:Data')
  if (textChild(body, 'airsyncbase:Type') === MIME)
    return [
      el('email:MIMETruncated', truncated),
      data && { tag: 'email:MIMEData', content: bytesIn(data.content) },
      as('email:MIMESize', size),
    ]
  return [el('email:BodyTruncated', truncated), as('email:BodySize', size), as('email:Body', data)]
}

/** AttName is what GetAttachment asks for; AttOid what the HTML calls a picture within it. */
const attachment25 = (attachment: WbxmlNode): WbxmlNode =>
  el('email:Attachment', [
    as('email:AttMethod', child(attachment, 'airsyncbase:Method')),
    as('email:AttSize', child(attachment, 'airsyncbase:EstimatedDataSize')),
    as('email:DisplayName', child(attachment, 'airsyncbase:DisplayName')),
    as('email:AttName', child(attachment, 'airsyncbase:FileReference')),
    as('email:AttOid', child(attachment, 'airsyncbase:ContentId')),
  ])

const property25 = (node: WbxmlNode): readonly (WbxmlNode | undefined)[] => {
  if (node.tag === 'airsyncbase:Body') return body25(node)
  if (node.tag !== 'airsyncbase:Attachments') return [node]
  return [el('email:Attachments', childrenOf(node).map(attachment25))]
}

const applicationData25 = (node: WbxmlNode): WbxmlNode =>
  el('airsync:ApplicationData', childrenOf(node).flatMap(property25))

const withClass =
  (tag: TagName) =>
  (node: WbxmlNode): WbxmlNode =>
    child(node, tag) ? node : { tag: node.tag, content: [el(tag, EMAIL), ...childrenOf(node)] }

/** A change of what the version doesn't have (categories before 14.0, flags before 12.0) is none. */
const saysNothing = (node: WbxmlNode, version: EasVersion): boolean => {
  const data = node.tag === 'airsync:Change' ? child(node, 'airsync:ApplicationData') : undefined
  return data !== undefined && !childrenOf(data).some(({ tag }) => knownIn(tag, version))
}

const commandsIn = (node: WbxmlNode, version: EasVersion): WbxmlNode =>
  el(
    node.tag,
    childrenOf(node).filter((one) => !saysNothing(one, version)),
  )

const isEmptyCommands = ({ tag, content }: WbxmlNode): boolean =>
  tag === 'airsync:Commands' && content === null

const collectionIn = (node: WbxmlNode): WbxmlNode =>
  withClass('airsync:Class')({
    tag: node.tag,
    content: childrenOf(node).filter((one) => !isEmptyCommands(one)),
  })

type Change = (node: WbxmlNode, version: EasVersion) => WbxmlNode

const changes: readonly { readonly until: EasVersion; readonly tag: TagName; readonly change: Change }[] = [
  { until: OWN_BODIES, tag: 'airsync:ApplicationData', change: applicationData25 },
  { until: CLASS_UNTIL, tag: 'airsync:Commands', change: commandsIn },
  { until: CLASS_UNTIL, tag: 'airsync:Collection', change: collectionIn },
  { until: CLASS_UNTIL, tag: 'getitemestimate:Collection', change: withClass('getitemestimate:Class') },
]

const changed = (node: WbxmlNode, version: EasVersion, own: typeof changes): WbxmlNode => {
  const found = own.find(({ tag }) => tag === node.tag)
  const inner = Array.isArray(node.content)
    ? { tag: node.tag, content: childrenOf(node).map((one) => changed(one, version, own)) }
    : node
  return found ? found.change(inner, version) : inner
}

/** A collection that a Sync asked about. */
export type AskedCollection = { readonly key: string; readonly collection: string }

/** What has to be remembered of a Sync to answer it: before 12.1 every collection is answered, also one without news. */
export const askedCollections = (root: WbxmlNode, version: EasVersion): readonly AskedCollection[] => {
  const collections = version <= WHOLE_UNTIL && descendant(root, 'airsync:Collections')
  if (!collections) return []
  return childrenNamed(collections, 'airsync:Collection').map((node) => ({
    key: textChild(node, 'airsync:SyncKey') ?? '',
    collection: textChild(node, 'airsync:CollectionId') ?? '',
  }))
}

const quiet = ({ key, collection }: AskedCollection): WbxmlNode =>
  el('airsync:Collection', [
    el('airsync:SyncKey', key),
    el('airsync:CollectionId', collection),
    el('airsync:Status', OK),
  ])

const answered = (root: WbxmlNode | undefined): readonly WbxmlNode[] => {
  const collections = descendant(root, 'airsync:Collections')
  return collections ? childrenOf(collections) : []
}

/** Of several requests for one collection only those that nothing was said about. */
const unanswered = (asked: readonly AskedCollection[], told: readonly WbxmlNode[]) => {
  const named = new Set(told.map((node) => textChild(node, 'airsync:CollectionId')))
  return asked.filter(({ collection }) => !named.has(collection))
}

/** `root` undefined: nothing to tell. Undefined: an empty answer will do. */
const whole = (root: WbxmlNode | undefined, asked: readonly AskedCollection[]): WbxmlNode | undefined => {
  if (asked.length === 0 || (root && !child(root, 'airsync:Collections'))) return root
  const told = answered(root)
  const collections = [...told, ...unanswered(asked, told).map(quiet)]
  return el('airsync:Sync', [el('airsync:Collections', collections)])
}

/** Who is answered. */
export type Answering = { readonly version: EasVersion; readonly asked?: readonly AskedCollection[] }

/** An answer in the words of the version that it is for; `root` undefined: an empty one. */
export const inWordsOf = (
  { version, asked = [] }: Answering,
  root: WbxmlNode | undefined,
): WbxmlNode | undefined => {
  const own = changes.filter(({ until }) => version <= until)
  const complete = whole(root, asked)
  return complete === undefined || own.length === 0 ? complete : changed(complete, version, own)
}
