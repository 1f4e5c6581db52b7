const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

export const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (char) => ESCAPES[char] as string)

/** Plain text as a piece of HTML: line breaks and runs of spaces stay. */
export const plainToFragment = (text: string): string =>
  escapeHtml(text)
    .replace(/^ | {2}/gm, (spaces) => '&nbsp;'.repeat(spaces.length))
    .replace(/\t/g, '&nbsp;&nbsp;&nbsp;&nbsp;')
    .replace(/\r?\n/g, '<br>\r\n')

const HEAD =
  '<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"></head><body>\r\n'
const FOOT = '\r\n</body></html>'

export const htmlDocument = (fragment: string): string => HEAD + fragment + FOOT

const BODY_START = /<body(?:\s[^>]{0,2000})?>/i
const BODY_END = /<\/body\s*>|<\/html\s*>/i

/** What is between the body's tags; all of it where there are none. */
export const bodyFragment = (html: string): string => {
  const start = BODY_START.exec(html)
  const inner = start ? html.slice(start.index + start[0].length) : html
  const end = BODY_END.exec(inner)
  return end ? inner.slice(0, end.index) : inner
}

/** Where something can be added at the end of a document's text. */
export const bodyEnd = (html: string): number => BODY_END.exec(html)?.index ?? html.length
