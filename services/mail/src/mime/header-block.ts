/** A header field as it stands: name in lower case, value with one character per byte, folds included. */
export type Field = { readonly name: string; readonly value: string }

export type HeaderBlock = {
  readonly fields: readonly Field[]
  /** Where the body begins although no empty line says so; -1 if nothing speaks for that. */
  readonly bodyAt: number
}

/** Fields that structure, envelope and kind are made of. */
const WANTED = new Set([
  'auto-submitted',
  'bcc',
  'cc',
  'content-disposition',
  'content-id',
  'content-location',
  'content-transfer-encoding',
  'content-type',
  'date',
  'disposition-notification-to',
  'from',
  'importance',
  'in-reply-to',
  'list-id',
  'message-id',
  'mime-version',
  'precedence',
  'priority',
  'received',
  'references',
  'reply-to',
  'return-receipt-to',
  'sender',
  'subject',
  'thread-topic',
  'to',
  'x-msmail-priority',
  'x-priority',
])

/** Fields kept of one name: more than one To is common, thousands are an attack. */
const MAX_FIELDS = 2000

/** Printable ASCII but the colon; some senders put white space before the colon (RFC 5322 §4.5). */
const NAME = /^[!-9;-~]{1,128}[ \t]*$/

const MAX_FIELD_NAME = 200

/** Others that only headers have. */
const KNOWN =
  /^(?:x-|arc-|content-|dkim-|list-|mime-|resent-|authentication-results$|delivered-to$|return-path$|comments$|keywords$)/

type Line = { readonly start: number; readonly end: number }

const isFold = (text: string, at: number): boolean => text[at] === ' ' || text[at] === '\t'

/** The field that begins at a line's start and ends before the next line that isn't its fold. */
const fieldLines = (text: string, start: number): Line => {
  let end = text.indexOf('\n', start)
  while (end >= 0 && isFold(text, end + 1)) end = text.indexOf('\n', end + 1)
  return { start, end: end < 0 ? text.length : end + 1 }
}

const nameOf = (text: string, { start, end }: Line): string | null => {
  const head = text.slice(start, Math.min(end, start + MAX_FIELD_NAME))
  const colon = head.indexOf(':')
  const name = colon < 0 ? '' : head.slice(0, colon)
  return NAME.test(name) ? name.trimEnd().toLowerCase() : null
}

const trimmed = (text: string): string => text.replace(/^[ \t\r\n]+/, '').trimEnd()

/**
 * The wanted fields of a header (one character per byte). A line that is no field is skipped if known fields follow it ("From " of an mbox,
 * a fold that lost its space); else the body begins with it: the empty line before is missing.
 */
export const readHeaderBlock = (text: string): HeaderBlock => {
  const fields: Field[] = []
  let bodyAt = -1
  for (let line = fieldLines(text, 0); line.start < text.length; line = fieldLines(text, line.end)) {
    const name = nameOf(text, line)
    if (name === null) {
      if (bodyAt < 0) bodyAt = line.start
    } else if (!WANTED.has(name)) {
      if (bodyAt >= 0 && KNOWN.test(name)) bodyAt = -1
    } else {
      bodyAt = -1
      if (fields.length < MAX_FIELDS)
        fields.push({ name, value: trimmed(text.slice(text.indexOf(':', line.start) + 1, line.end)) })
    }
  }
  return { fields, bodyAt }
}

/** The first field of a name: the one that counts, everywhere (what a scanner saw is what is shown). */
export const firstField = (fields: readonly Field[], name: string): string | undefined =>
  fields.find((field) => field.name === name)?.value

/** All of them in one, for address and id lists that senders repeat. */
export const joinedFields = (fields: readonly Field[], name: string, separator: string): string => {
  const values = fields.filter((field) => field.name === name).map(({ value }) => value)
  return values.length === 1 ? (values[0] as string) : values.join(separator)
}
