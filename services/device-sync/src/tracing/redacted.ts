import type { TagName } from '../wbxml/code-pages.ts'
import { Utf8Text, type WbxmlContent, type WbxmlNode } from '../wbxml/node.ts'

/** Pages whose texts are keys, ids, numbers and words of the protocol; what people write is named below. */
const PLAIN_PAGES: ReadonlySet<string> = new Set([
  ...['airsync', 'ping', 'getitemestimate', 'move', 'folderhierarchy', 'itemoperations', 'airsyncbase'],
  ...['provision', 'search', 'find', 'composemail', 'validatecert', 'resolverecipients', 'settings'],
])

/** Content, addresses, names, and what a person typed. */
const SECRET: ReadonlySet<TagName> = new Set<TagName>([
  ...(['folderhierarchy:DisplayName', 'airsyncbase:Data', 'airsyncbase:Preview'] as const),
  ...(['airsyncbase:DisplayName', 'airsyncbase:Content', 'airsyncbase:ContentId'] as const),
  ...(['airsyncbase:ContentLocation', 'airsyncbase:Location', 'itemoperations:Data'] as const),
  ...(['itemoperations:UserName', 'itemoperations:Password', 'itemoperations:ConversationId'] as const),
  ...(['search:FreeText', 'search:Query', 'search:Value', 'search:UserName', 'search:Password'] as const),
  ...(['search:ConversationId', 'find:FreeText', 'find:Query', 'find:Preview'] as const),
  ...(['find:DisplayCc', 'find:DisplayBcc', 'composemail:Mime', 'composemail:Name'] as const),
  ...(['composemail:Email', 'validatecert:Certificate', 'resolverecipients:To'] as const),
  ...(['resolverecipients:DisplayName', 'resolverecipients:EmailAddress'] as const),
  ...(['resolverecipients:Certificate', 'resolverecipients:MiniCertificate'] as const),
  ...(['resolverecipients:Data', 'resolverecipients:MergedFreeBusy', 'provision:Data'] as const),
  ...(['settings:Password', 'settings:ReplyMessage', 'settings:SMTPAddress', 'settings:IMEI'] as const),
  ...(['settings:PrimarySmtpAddress', 'settings:UserDisplayName', 'settings:PhoneNumber'] as const),
  ...(['settings:FriendlyName', 'settings:AccountName'] as const),
])

/** Of messages: what says nothing about what is in them. */
const HARMLESS: ReadonlySet<TagName> = new Set<TagName>([
  ...(['email:Read', 'email:Importance', 'email:MessageClass', 'email:InternetCPID'] as const),
  ...(['email:ContentClass', 'email:DateReceived', 'email:BodyTruncated', 'email:BodySize'] as const),
  ...(['email:MIMETruncated', 'email:MIMESize', 'email:AttSize', 'email:AttMethod'] as const),
  ...(['email:Status', 'email2:IsDraft', 'email2:LastVerbExecuted'] as const),
])

const MAX_TEXT = 100
const MAX_LINES = 2_000

const isShown = (tag: TagName): boolean =>
  HARMLESS.has(tag) || (PLAIN_PAGES.has(tag.slice(0, tag.indexOf(':'))) && !SECRET.has(tag))

/** What JSON leaves as it is, and a terminal obeys: further control characters, line ends, directions of writing. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** As JSON writes them: a character beyond U+FFFF as two. */
const escaped = (character: string): string =>
  Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
    .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
    .join('')

const shownText = (tag: TagName, text: string): string => {
  if (!isShown(tag) || text.length > MAX_TEXT) return `[${text.length} characters]`
  return JSON.stringify(text).replaceAll(UNSEEN, escaped)
}

const shown = (tag: TagName, content: Exclude<WbxmlContent, null | readonly WbxmlNode[]>): string => {
  if (typeof content === 'string') return shownText(tag, content)
  if (content instanceof Utf8Text) return `[${content.utf8.length} bytes]`
  return `[${content.length} bytes]`
}

const linesOf = ({ tag, content }: WbxmlNode, depth: number, lines: string[]): void => {
  if (lines.length >= MAX_LINES) return
  const name = `${'  '.repeat(depth)}${tag}`
  if (content === null) lines.push(name)
  else if (Array.isArray(content)) {
    lines.push(name)
    for (const node of content) linesOf(node, depth + 1, lines)
  } else lines.push(`${name} ${shown(tag, content as Exclude<WbxmlContent, null | readonly WbxmlNode[]>)}`)
}

/** A document as lines without what people wrote: keys, ids, numbers and statuses are shown, of everything else the length. */
export const redacted = (root: WbxmlNode): string => {
  const lines: string[] = []
  linesOf(root, 0, lines)
  if (lines.length >= MAX_LINES) lines.push('[and more]')
  return lines.join('\n')
}
