import type { Part } from '@relais/proto/mail/v1/message.ts'

/** A text part of the message's body. */
export type TextSource = { readonly part: Part; readonly html: boolean }

export type AttachedPart = {
  readonly part: Part
  /** Shown inside the text, which refers to it by its Content-ID (RFC 2392). */
  readonly inline: boolean
}

/** What is text for reading, in both its forms, and what hangs on to it. */
export type MessageBody = {
  /** In order; those that are HTML have no plain form in the message. */
  readonly plain: readonly TextSource[]
  /** In order; those that aren't HTML have no HTML form in the message. */
  readonly html: readonly TextSource[]
  readonly attachments: readonly AttachedPart[]
}

const EMPTY: MessageBody = { plain: [], html: [], attachments: [] }

/** Text that isn't for reading as it stands. */
const NOT_READ = new Set([
  'text/calendar',
  'text/directory',
  'text/rtf',
  'text/vcard',
  'text/x-vcalendar',
  'text/x-vcard',
])

/** Whether a text was found before: a later text with a file name is a file. */
type Walk = { found: boolean }

const isHtml = (part: Part): boolean => part.type === 'text/html'

const isText = (part: Part): boolean => part.type === 'text/plain' || isHtml(part)

const isBodyText = (part: Part, walk: Walk): boolean => {
  if (part.disposition === 'attachment') return false
  if (isText(part)) return part.filename === '' || !walk.found
  // RFC 2046 §4.1.4: an unknown text is read as plain, where there is nothing better.
  return part.type.startsWith('text/') && !NOT_READ.has(part.type) && !walk.found && part.filename === ''
}

const leaf = (part: Part, walk: Walk): MessageBody => {
  if (!isBodyText(part, walk)) return { ...EMPTY, attachments: [{ part, inline: isInline(part) }] }
  walk.found = true
  const source = [{ part, html: isHtml(part) }]
  return { plain: source, html: source, attachments: [] }
}

const isInline = (part: Part): boolean => part.contentId !== '' && part.disposition === 'inline'

const joined = (bodies: readonly MessageBody[]): MessageBody => ({
  plain: bodies.flatMap(({ plain }) => plain),
  html: bodies.flatMap(({ html }) => html),
  attachments: bodies.flatMap(({ attachments }) => attachments),
})

const attached = (part: Part, inline: boolean): readonly AttachedPart[] => {
  if (!part.type.startsWith('multipart/')) return [{ part, inline: inline && part.contentId !== '' }]
  return part.parts.flatMap((child) => attached(child, inline))
}

const hasHtml = ({ html }: MessageBody): boolean => html.some((source) => source.html)

/** RFC 2046 §5.1.4: one text in several forms. The last of a kind is the best of it. */
const alternative = (part: Part, walk: Walk): MessageBody => {
  const forms = part.parts
    .filter(isForm)
    .map((child) => collect(child, { found: walk.found && !isText(child) }))
  const texts = forms.filter(({ plain }) => plain.length > 0)
  walk.found ||= texts.length > 0
  const rich = texts.findLast(hasHtml)
  const plain = texts.findLast((form) => !hasHtml(form))
  return {
    plain: (plain ?? rich)?.plain ?? [],
    html: (rich ?? plain)?.html ?? [],
    attachments: forms.flatMap(({ attachments }) => attachments),
  }
}

/** Forms of the text that no phone reads (AMP, enriched) are neither text nor attachment. */
const isForm = (part: Part): boolean =>
  !part.type.startsWith('text/') || isText(part) || NOT_READ.has(part.type)

/** RFC 2387: the root, and what it refers to. A text without a Content-ID is no such thing, but one that a list has added. */
const related = (part: Part, walk: Walk): MessageBody => {
  const start = (part.parameters.start ?? '').replace(/^<|>$/g, '')
  const root = part.parts.find(({ contentId }) => start !== '' && contentId === start) ?? part.parts[0]
  const bodies = part.parts.map((child) => {
    const isText =
      child === root || (child.contentId === '' && child.contentLocation === '' && isBodyText(child, walk))
    return isText ? collect(child, walk) : { ...EMPTY, attachments: attached(child, true) }
  })
  return joined(bodies)
}

/** The text is the first part; the others belong to it, but aren't read with it (RFC 1847 §2.1, RFC 6522). */
const firstOnly = (part: Part, walk: Walk): MessageBody =>
  joined(
    part.parts.map((child, index) =>
      index === 0 ? collect(child, walk) : { ...EMPTY, attachments: attached(child, false) },
    ),
  )

const mixed = (part: Part, walk: Walk): MessageBody => joined(part.parts.map((child) => collect(child, walk)))

const attachmentsOnly = (part: Part): MessageBody => ({ ...EMPTY, attachments: attached(part, false) })

const MULTIPARTS = new Map<string, (part: Part, walk: Walk) => MessageBody>(
  Object.entries({
    'multipart/alternative': alternative,
    'multipart/related': related,
    'multipart/signed': firstOnly,
    'multipart/report': firstOnly,
    'multipart/encrypted': attachmentsOnly,
  }),
)

const collect = (part: Part, walk: Walk): MessageBody => {
  if (!part.type.startsWith('multipart/')) return leaf(part, walk)
  return (MULTIPARTS.get(part.type) ?? mixed)(part, walk)
}

/** Parts a message's structure into its text and its attachments. Embedded messages are attachments as a whole. */
export const bodyOf = (structure: Part): MessageBody => collect(structure, { found: false })

/** The form that the message's text has by itself: HTML if it has any. */
export const nativeBodyOf = (body: MessageBody): 'plain' | 'html' => (hasHtml(body) ? 'html' : 'plain')
