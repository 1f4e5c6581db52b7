/** Classes and names of elements that hold a quoted message, or the line above one, as mail programs write them. */
const QUOTE_CLASSES = new Set([
  'gmail_quote',
  'gmail_quote_container',
  'moz-cite-prefix',
  'protonmail_quote',
  'tutanota_quote',
  'yahoo_quoted',
  'zmail_extra',
])

/** Ids of elements from which on nothing is new: Outlook of all kinds, Zimbra. */
const REST_IDS = new Set([
  'appendonsend',
  'divrplyfwdmsg',
  'mail-editor-reference-message-container',
  'olk_src_body_section',
  'zwchr',
])

/** Elements that anybody marks a quote with. */
const MARKED = new Set(['blockquote', 'div', 'hr', 'p', 'section', 'span', 'table'])

/** What an opening tag says about the text that follows; `border`: a header block is below it, or it is nothing. */
export type TagMark = 'element' | 'rest' | 'border' | undefined

/** Attributes of one tag are looked at so far. */
const MAX_TAG = 2000
const ATTRIBUTE = /\b(class|id|name|style|type)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/gi
const TOP_BORDER = /border-top:\s*solid/i

const classMark = (value: string): TagMark =>
  value.split(/\s+/).some((one) => QUOTE_CLASSES.has(one.replace(/^x_/, ''))) ? 'element' : undefined

const attributeMarks: Readonly<Record<string, (value: string, tag: string) => TagMark>> = {
  class: classMark,
  id: (value) => {
    const id = value.toLowerCase().replace(/^x_/, '')
    if (REST_IDS.has(id)) return 'rest'
    return id.startsWith('yahoo_quoted') ? 'element' : undefined
  },
  // GMX, WEB.DE, mail.com.
  name: (value) => (value === 'quote' ? 'element' : undefined),
  type: (value, tag) => (tag === 'blockquote' && value.toLowerCase() === 'cite' ? 'element' : undefined),
  style: (value) => (TOP_BORDER.test(value) ? 'border' : undefined),
}

/** `tag`: its name in lower case. `text`: all of it, from < to >. */
export const tagMark = (tag: string, text: string): TagMark => {
  if (!MARKED.has(tag)) return undefined
  let mark: TagMark
  for (const [, name, ...values] of text.slice(0, MAX_TAG).matchAll(ATTRIBUTE)) {
    const found = attributeMarks[name!.toLowerCase()]!(values.find((one) => one !== undefined) ?? '', tag)
    if (found !== undefined && found !== 'border') return found
    mark ??= found
  }
  return mark
}

// Words of the languages that quotes are written in here (compose/words.ts).

const WROTE = 'wrote|schrieb|schreef|écrit|escribió|ha scritto|escreveu|napisał(?:\\(a\\)|a)?|pisze'
const ATTRIBUTION = new RegExp(`(?:^|\\s)(?:${WROTE})(?=[\\s:]).{0,80}:$|(?:^|\\s)(?:${WROTE})\\s?:$`, 'iu')

/** "On … wrote:", where a quote follows. */
export const isAttribution = (line: string): boolean => line.length >= 10 && ATTRIBUTION.test(line)

const ORIGINAL = [
  'original message|forwarded message|original appointment',
  'ursprüngliche nachricht|original-?nachricht|weitergeleitete nachricht',
  'message d.origine|message transféré|message transmis',
  'oorspronkelijk bericht|doorgestuurd bericht',
  'mensaje original|mensaje reenviado',
  'messaggio originale|messaggio inoltrato',
  'mensagem original|mensagem encaminhada',
  'wiadomość oryginalna|oryginalna wiadomość|wiadomość przekazana dalej',
].join('|')
const DIVIDER = new RegExp(`^-{3,}\\s*(?:${ORIGINAL})\\s*-{3,}$`, 'iu')

/** "-----Original Message-----". */
export const isDivider = (line: string): boolean => DIVIDER.test(line)

const FROM = /^\*?(?:from|de|von|van|da|od)\s*:/iu
const AFTER_FROM =
  /^\*?(?:sent|date|to|envoyé|à|gesendet|datum|an|verzonden|aan|enviado|fecha|para|inviato|data|a|wysłano|do)(?:\s+(?:el|em|le|am|op|il))?\s*:/iu
/** In a language that isn't known here, where the border says that it is one. */
const ANY_LABEL = /^\*?[\p{L} ]{1,20}:/u

/** The first line of a header block, and whether another can be its second. */
export const isFromLine = (line: string): boolean => FROM.test(line)
export const isAfterFromLine = (line: string): boolean => AFTER_FROM.test(line)
export const isLabelLine = (line: string): boolean => ANY_LABEL.test(line)
