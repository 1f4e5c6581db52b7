import { compile } from 'html-to-text'
import { htmlText } from './html-text.ts'

/** html-to-text takes about 80 µs per KiB, in one piece: beyond this the simpler reader does it. */
const MAX_INPUT = 128 * 1024
/** html-to-text takes quadratic time in the depth of nesting: 900 KB of `<b>` took 21 s. */
const MAX_DEPTH = 128
/** What is read of larger HTML at all. */
const MAX_HTML = 1024 * 1024

const convert = compile({
  wordwrap: false,
  limits: { maxInputLength: MAX_INPUT, maxDepth: MAX_DEPTH, ellipsis: '' },
  selectors: [
    { selector: 'img', format: 'skip' },
    {
      selector: 'a',
      options: { hideLinkHrefIfSameAsText: true, noAnchorUrl: true, linkBrackets: ['<', '>'] },
    },
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, options: { uppercase: false } })),
  ],
})

const TAG = /<(\/?)([a-z][a-z0-9]*)/gi

/** Elements without content, and those that end by themselves where the next begins. */
const UNNESTED = new Set(
  'area base br col dd dt embed hr img input li link meta option p param source td th tr track wbr'.split(
    ' ',
  ),
)

/** True if elements are nested so deeply, or left open so often, that it is no letter. */
const isTooDeep = (html: string): boolean => {
  let depth = 0
  for (const [, slash, name] of html.matchAll(TAG)) {
    if (UNNESTED.has((name as string).toLowerCase())) continue
    depth = slash === '' ? depth + 1 : Math.max(0, depth - 1)
    if (depth > MAX_DEPTH) return true
  }
  return false
}

const foldLines = (text: string): string =>
  text
    .replace(/[ \t]*\n[ \t]*/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()

/**
 * HTML as plain text to read: lists, quotes, links and tables by html-to-text; HTML that is too long or too deep for it
 * by {@link htmlText}. Time is linear and bounded.
 */
export const htmlToPlain = (html: string): string => {
  const isLetter = html.length <= MAX_INPUT && !isTooDeep(html)
  const text = isLetter ? convert(html) : foldLines(htmlText(html.slice(0, MAX_HTML), MAX_HTML))
  return text.replace(/\r?\n/g, '\r\n')
}
