import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bodyOf, nativeBodyOf } from './body-parts.ts'
import { embedded, entity, file, htmlText, image, message, multipart, plainText } from './message.fixture.ts'

/** Numbers of the parts that are the plain text, the HTML and attached; "h" for HTML, "i" for inline. */
const parts = (text: string): { plain: string; html: string; attached: string; native: string } => {
  const body = bodyOf(message(text).structure)
  const numbers = (sources: typeof body.plain): string =>
    sources.map(({ part, html }) => part.id + (html ? 'h' : '')).join(' ')
  return {
    plain: numbers(body.plain),
    html: numbers(body.html),
    attached: body.attachments.map(({ part, inline }) => part.id + (inline ? 'i' : '')).join(' '),
    native: nativeBodyOf(body),
  }
}

const text = plainText('text')
const html = htmlText('<p>html</p>')
const named = entity(['Content-Type: text/plain', 'Content-Disposition: inline; filename=notes.txt'], 'notes')
const calendar = entity(['Content-Type: text/calendar; method=REQUEST'], 'BEGIN:VCALENDAR')
const signature = entity(['Content-Type: application/pkcs7-signature; name=smime.p7s'], 'x')

const CASES: readonly [string, string, ReturnType<typeof parts>][] = [
  ['a plain text', text, { plain: '1', html: '1', attached: '', native: 'plain' }],
  ['an HTML text', html, { plain: '1h', html: '1h', attached: '', native: 'html' }],
  ['no text at all', file('a.pdf'), { plain: '', html: '', attached: '1', native: 'plain' }],
  [
    'both forms of one text',
    multipart('alternative', 'b', text, html),
    { plain: '1', html: '2h', attached: '', native: 'html' },
  ],
  [
    'both forms the wrong way round',
    multipart('alternative', 'b', html, text),
    { plain: '2', html: '1h', attached: '', native: 'html' },
  ],
  [
    'one form only',
    multipart('alternative', 'b', html),
    { plain: '1h', html: '1h', attached: '', native: 'html' },
  ],
  [
    'several forms of a kind: the last is the best',
    multipart('alternative', 'b', text, text, html, html),
    { plain: '2', html: '4h', attached: '', native: 'html' },
  ],
  [
    'a text and files',
    multipart('mixed', 'b', text, file('a'), file('b')),
    { plain: '1', html: '1', attached: '2 3', native: 'plain' },
  ],
  [
    'a text with images (RFC 2387)',
    multipart('related', 'b', html, image('x'), image('y')),
    { plain: '1h', html: '1h', attached: '2i 3i', native: 'html' },
  ],
  [
    'forms, one of them with images',
    multipart('alternative', 'b', text, multipart('related', 'c', html, image('x'))),
    { plain: '1', html: '2.1h', attached: '2.2i', native: 'html' },
  ],
  [
    'forms with images, and a file',
    multipart(
      'mixed',
      'a',
      multipart('related', 'b', multipart('alternative', 'c', text, html), image('x')),
      file('f'),
    ),
    { plain: '1.1.1', html: '1.1.2h', attached: '1.2i 2', native: 'html' },
  ],
  [
    'two texts one after the other',
    multipart('mixed', 'b', text, text),
    { plain: '1 2', html: '1 2', attached: '', native: 'plain' },
  ],
  [
    'texts around a file (Apple Mail)',
    multipart('mixed', 'b', text, file('a'), text),
    { plain: '1 3', html: '1 3', attached: '2', native: 'plain' },
  ],
  [
    'a plain text and an HTML one',
    multipart('mixed', 'b', text, html),
    { plain: '1 2h', html: '1 2h', attached: '', native: 'html' },
  ],
  [
    'forms, one of them in pieces (Apple Mail)',
    multipart('alternative', 'b', text, multipart('mixed', 'c', html, file('a'), html)),
    { plain: '1', html: '2.1h 2.3h', attached: '2.2', native: 'html' },
  ],
  [
    'a text with a file name behind the letter is a file',
    multipart('mixed', 'b', text, named),
    { plain: '1', html: '1', attached: '2', native: 'plain' },
  ],
  [
    'a text with a file name instead of a letter is the letter',
    multipart('mixed', 'b', named),
    { plain: '1', html: '1', attached: '', native: 'plain' },
  ],
  [
    'a text that is attached is no letter',
    multipart('mixed', 'b', entity(['Content-Disposition: attachment'], 'x')),
    { plain: '', html: '', attached: '1', native: 'plain' },
  ],
  [
    'an embedded message is a file as a whole',
    multipart('mixed', 'b', text, embedded('s', 'x')),
    { plain: '1', html: '1', attached: '2', native: 'plain' },
  ],
  [
    'an invitation is a text and a file',
    multipart('alternative', 'b', text, calendar),
    { plain: '1', html: '1', attached: '2', native: 'plain' },
  ],
  ['a calendar alone is a file', calendar, { plain: '', html: '', attached: '1', native: 'plain' }],
  [
    'the text of what is signed, and the signature (RFC 1847)',
    multipart('signed', 'b', text, signature),
    { plain: '1', html: '1', attached: '2', native: 'plain' },
  ],
  [
    'what is encrypted has no text (RFC 3156)',
    multipart('encrypted', 'b', entity(['Content-Type: application/pgp-encrypted'], 'x'), file('a')),
    { plain: '', html: '', attached: '1 2', native: 'plain' },
  ],
  [
    'a report: its first part, and what it reports (RFC 6522)',
    multipart(
      'report',
      'b',
      text,
      entity(['Content-Type: message/delivery-status'], 'x'),
      embedded('s', 'x'),
    ),
    { plain: '1', html: '1', attached: '2 3', native: 'plain' },
  ],
  [
    'a digest is its messages',
    multipart('digest', 'b', entity([], 'Subject: a', '', 'x')),
    { plain: '', html: '', attached: '1', native: 'plain' },
  ],
  [
    'a form that no phone reads is neither text nor file',
    multipart('alternative', 'b', text, entity(['Content-Type: text/x-amp-html'], 'x'), html),
    { plain: '1', html: '3h', attached: '', native: 'html' },
  ],
  [
    'a text of an unknown kind is read as plain where there is no other (RFC 2046 §4.1.4)',
    entity(['Content-Type: text/x-unheard-of'], 'x'),
    { plain: '1', html: '1', attached: '', native: 'plain' },
  ],
  [
    'a text of an unknown kind beside another is a file',
    multipart('mixed', 'b', text, entity(['Content-Type: text/x-unheard-of'], 'x')),
    { plain: '1', html: '1', attached: '2', native: 'plain' },
  ],
  [
    'a footer that a list put beside a text with images is text',
    multipart('related', 'b', html, image('x'), plainText('footer')),
    { plain: '1h 3', html: '1h 3', attached: '2i', native: 'html' },
  ],
  [
    'a multipart of an unknown kind is mixed (RFC 2046 §5.1.3)',
    multipart('x-unheard-of', 'b', text, file('a')),
    { plain: '1', html: '1', attached: '2', native: 'plain' },
  ],
]

for (const [what, written, expected] of CASES)
  test(`body: ${what}`, () => assert.deepEqual(parts(written), expected))

test('the start of a related multipart may be named (RFC 2387 §3.2)', () => {
  const root = entity(['Content-Type: text/html', 'Content-ID: <root>'], '<p>x</p>')
  const written = entity(
    ['Content-Type: multipart/related; boundary=b; start="<root>"'],
    '--b',
    image('x'),
    '--b',
    root,
    '--b--',
  )
  assert.deepEqual(parts(written), { plain: '2h', html: '2h', attached: '1i', native: 'html' })
})

test('an image is inline by its disposition only if something can refer to it', () => {
  const shown = entity(['Content-Type: image/png', 'Content-Disposition: inline', 'Content-ID: <x>'], 'x')
  const shownByNobody = entity(['Content-Type: image/png', 'Content-Disposition: inline'], 'x')
  assert.equal(parts(multipart('mixed', 'b', text, shown, shownByNobody)).attached, '2i 3')
})
