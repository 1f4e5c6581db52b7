import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { attachmentsOf } from './attachments.ts'
import { bodyOf, nativeBodyOf } from './body-parts.ts'
import { messageOf, type TestMessage } from './message.fixture.ts'
import { renderText } from './render-text.ts'

/** How programs shape the mail they send, each in the least that shows its habit; and what a phone is to get of it. */

const mail = (...lines: readonly string[]): TestMessage => messageOf(Buffer.from(lines.join('\r\n')))

const shown = async ({ structure, read }: TestMessage) => {
  const body = bodyOf(structure)
  const text = async (format: 'plain' | 'html'): Promise<string> =>
    Buffer.from((await renderText({ body, read, format, wanted: 100_000 })).bytes).toString()
  return {
    native: nativeBodyOf(body),
    plain: (await text('plain')).trim(),
    html: (await text('html')).trim(),
    attachments: attachmentsOf(structure).map(
      ({ name, inline, contentId }) => `${name}${inline ? ` (${contentId})` : ''}`,
    ),
  }
}

test('Apple Mail: forms of a text, of which the rich one is in pieces around a PDF', async () => {
  const letter = mail(
    'Content-Type: multipart/alternative; boundary="Apple-Mail=_A"',
    'Mime-Version: 1.0 (Mac OS X Mail 16.0)',
    '',
    '--Apple-Mail=_A',
    'Content-Transfer-Encoding: 7bit',
    'Content-Type: text/plain; charset=us-ascii',
    '',
    'before',
    '',
    'after',
    '--Apple-Mail=_A',
    'Content-Type: multipart/mixed; boundary="Apple-Mail=_B"',
    '',
    '--Apple-Mail=_B',
    'Content-Type: text/html; charset=us-ascii',
    '',
    '<html><body>before</body></html>',
    '--Apple-Mail=_B',
    'Content-Disposition: inline; filename=a.pdf',
    'Content-Type: application/pdf; x-unix-mode=0644; name="a.pdf"',
    'Content-Transfer-Encoding: base64',
    '',
    'YWJj',
    '--Apple-Mail=_B',
    'Content-Type: text/html; charset=us-ascii',
    '',
    '<html><body>after</body></html>',
    '--Apple-Mail=_B--',
    '',
    '--Apple-Mail=_A--',
  )
  const { native, plain, html, attachments } = await shown(letter)
  assert.deepEqual([native, plain, attachments], ['html', 'before\r\n\r\nafter', ['a.pdf']])
  assert.match(html, /before<br>\s*after/)
})

test('iPhone: a picture between two pieces of text', async () => {
  const letter = mail(
    'Content-Type: multipart/mixed; boundary=Apple-Mail-1',
    'X-Mailer: iPhone Mail',
    '',
    '--Apple-Mail-1',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: quoted-printable',
    '',
    'Look',
    '--Apple-Mail-1',
    'Content-Type: image/jpeg; name=IMG_1.jpeg',
    'Content-Disposition: inline; filename=IMG_1.jpeg',
    'Content-Transfer-Encoding: base64',
    '',
    'YWJj',
    '--Apple-Mail-1',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: quoted-printable',
    '',
    '=0D=0A=0D=0ASent from my iPhone=',
    '--Apple-Mail-1--',
  )
  const { plain, attachments } = await shown(letter)
  assert.match(plain, /^Look\r\n\s*Sent from my iPhone$/)
  assert.deepEqual(attachments, ['IMG_1.jpeg'])
})

test('Outlook: forms of a text with pictures, and a file beside', async () => {
  const letter = mail(
    'Content-Type: multipart/mixed; boundary="_004_"',
    '',
    '--_004_',
    'Content-Type: multipart/related; boundary="_005_"; type="multipart/alternative"',
    '',
    '--_005_',
    'Content-Type: multipart/alternative; boundary="_000_"',
    '',
    '--_000_',
    'Content-Type: text/plain; charset="iso-8859-1"',
    'Content-Transfer-Encoding: quoted-printable',
    '',
    'Gr=FC=DFe [cid:image001.png@01D1]',
    '--_000_',
    'Content-Type: text/html; charset="iso-8859-1"',
    'Content-Transfer-Encoding: quoted-printable',
    '',
    '<html><head><meta http-equiv=3D"Content-Type" content=3D"text/html; charset=3Diso-8859-=',
    '1"></head><body>Gr=FC=DFe <img src=3D"cid:image001.png@01D1"></body></html>',
    '--_000_--',
    '',
    '--_005_',
    'Content-Type: image/png; name="image001.png"',
    'Content-Description: image001.png',
    'Content-Disposition: inline; filename="image001.png"; size=3; creation-date="Mon, 09 Mar 2026 11:19:45 GMT"',
    'Content-ID: <image001.png@01D1>',
    'Content-Transfer-Encoding: base64',
    '',
    'YWJj',
    '--_005_--',
    '',
    '--_004_',
    'Content-Type: application/vnd.openxmlformats-officedocument.wordprocessingml.document; name="=?iso-8859-1?Q?Pr=FCfung.docx?="',
    'Content-Disposition: attachment; filename="=?iso-8859-1?Q?Pr=FCfung.docx?="; size=3',
    'Content-Transfer-Encoding: base64',
    '',
    'YWJj',
    '--_004_--',
  )
  const { native, plain, html, attachments } = await shown(letter)
  assert.equal(native, 'html')
  assert.equal(plain, 'Grüße [cid:image001.png@01D1]')
  assert.match(html, /charset=utf-8"><\/head><body>Grüße <img src="cid:image001\.png@01D1">/)
  assert.deepEqual(attachments, ['image001.png (image001.png@01D1)', 'Prüfung.docx'])
})

test('Outlook: an appointment is a text, a calendar, and its kind', async () => {
  const letter = mail(
    'Content-Type: multipart/alternative; boundary="_000_"',
    'Thread-Topic: Sitzung',
    '',
    '--_000_',
    'Content-Type: text/plain; charset="utf-8"',
    '',
    'When: Monday',
    '--_000_',
    'Content-Type: text/html; charset="utf-8"',
    '',
    '<p>When: Monday</p>',
    '--_000_',
    'Content-Type: text/calendar; charset="utf-8"; method=REQUEST',
    'Content-Transfer-Encoding: base64',
    '',
    'QkVHSU46VkNBTEVOREFS',
    '--_000_--',
  )
  assert.equal(letter.kind, 'meeting-request')
  assert.equal(letter.threadTopic, 'Sitzung')
  assert.deepEqual((await shown(letter)).attachments, ['invite.ics'])
})

test('Exchange of old: rich text is a winmail.dat beside the plain one', async () => {
  const letter = mail(
    'Content-Type: multipart/mixed; boundary="----_=_NextPart_000"',
    '',
    '------_=_NextPart_000',
    'Content-Type: text/plain',
    '',
    'text',
    '------_=_NextPart_000',
    'Content-Type: application/ms-tnef',
    'Content-Transfer-Encoding: base64',
    '',
    'eJ8+',
    '------_=_NextPart_000--',
  )
  const { plain, attachments } = await shown(letter)
  assert.deepEqual([plain, attachments], ['text', ['winmail.dat']])
})

test('Thunderbird: soft line breaks, and a patch shown below the letter is a file', async () => {
  const letter = mail(
    'Content-Type: multipart/mixed; boundary="------------A"',
    'User-Agent: Mozilla Thunderbird',
    '',
    'This is a multi-part message in MIME format.',
    '--------------A',
    'Content-Type: text/plain; charset=UTF-8; format=flowed',
    'Content-Transfer-Encoding: 8bit',
    '',
    'A long line that was ',
    'broken for the journey.',
    '--------------A',
    'Content-Type: text/x-patch; charset=UTF-8; name="fix.patch"',
    'Content-Disposition: attachment; filename="fix.patch"',
    'Content-Transfer-Encoding: base64',
    '',
    'YWJj',
    '--------------A--',
  )
  const { plain, attachments } = await shown(letter)
  assert.deepEqual([plain, attachments], ['A long line that was broken for the journey.', ['fix.patch']])
})

test('Gmail: AMP is a form of the text that no phone needs', async () => {
  const letter = mail(
    'Content-Type: multipart/alternative; boundary="000000000000a"',
    '',
    '--000000000000a',
    'Content-Type: text/plain; charset="UTF-8"',
    '',
    'plain',
    '--000000000000a',
    'Content-Type: text/x-amp-html; charset="UTF-8"',
    '',
    '<!doctype html><html amp4email></html>',
    '--000000000000a',
    'Content-Type: text/html; charset="UTF-8"',
    'Content-Transfer-Encoding: quoted-printable',
    '',
    '<div dir=3D"ltr">html</div>',
    '--000000000000a--',
  )
  assert.deepEqual(await shown(letter), {
    native: 'html',
    plain: 'plain',
    html: '<div dir="ltr">html</div>',
    attachments: [],
  })
})

test('Gmail: an image in the text has its id in capitals of its own making', async () => {
  const letter = mail(
    'Content-Type: multipart/related; boundary="r"',
    '',
    '--r',
    'Content-Type: text/html; charset="UTF-8"',
    '',
    '<img src="cid:ii_abc">',
    '--r',
    'Content-Type: image/png; name="a.png"',
    'Content-Disposition: attachment; filename="a.png"',
    'Content-Transfer-Encoding: base64',
    'X-Attachment-Id: ii_abc',
    'Content-ID: <ii_abc>',
    '',
    'YWJj',
    '--r--',
  )
  assert.deepEqual((await shown(letter)).attachments, ['a.png (ii_abc)'])
})

test('Nine: CRLF and LF mixed in one message', async () => {
  const letter = messageOf(
    Buffer.from(
      'Subject: mixed\r\nContent-Type: multipart/mixed; boundary=n\n\r\n--n\nContent-Type: text/plain\r\n\none\ntwo\r\n--n--\n',
    ),
  )
  assert.deepEqual(
    [letter.envelope.subject, (await shown(letter)).plain, letter.bareLf],
    ['mixed', 'one\ntwo', true],
  )
})

test('a web form: no MIME at all, in the character set of its server', async () => {
  const letter = messageOf(
    Buffer.from('From: form@x.example\nSubject: Anfrage \xfcber alles\n\nGr\xfc\xdfe\n', 'latin1'),
  )
  assert.deepEqual([letter.envelope.subject, (await shown(letter)).plain], ['Anfrage über alles', 'Grüße'])
})

test('a PHP script: a header that ends too early, with its last fields in the text', async () => {
  const letter = mail('Subject: a', '', 'MIME-Version: 1.0', 'Content-type: text/html', '', '<p>x</p>')
  assert.deepEqual(
    (await shown(letter)).plain,
    'MIME-Version: 1.0\r\nContent-type: text/html\r\n\r\n<p>x</p>',
  )
})

test('a scanner: a message that is nothing but a PDF', async () => {
  const letter = mail(
    'Subject: Scan',
    'Content-Type: application/pdf; name="scan.pdf"',
    'Content-Disposition: attachment; filename="scan.pdf"',
    'Content-Transfer-Encoding: base64',
    '',
    'YWJj',
  )
  const { plain, attachments } = await shown(letter)
  assert.deepEqual([plain, attachments, attachmentsOf(letter.structure)[0]?.part], ['', ['scan.pdf'], '1'])
})

test('a fax server: a TIFF with a name in quotes that never end', async () => {
  const letter = mail(
    'Content-Type: image/tiff; name="fax.tif',
    'Content-Transfer-Encoding: base64',
    '',
    'YWJj',
  )
  assert.deepEqual((await shown(letter)).attachments, ['fax.tif'])
})

test('Postfix: a bounce is a report with its message attached', async () => {
  const letter = mail(
    'From: MAILER-DAEMON@x.example (Mail Delivery System)',
    'Subject: Undelivered Mail Returned to Sender',
    'Auto-Submitted: auto-replied',
    'Content-Type: multipart/report; report-type=delivery-status; boundary="r"',
    '',
    '--r',
    'Content-Description: Notification',
    'Content-Type: text/plain; charset=us-ascii',
    '',
    'This is the mail system.',
    '--r',
    'Content-Description: Delivery report',
    'Content-Type: message/delivery-status',
    '',
    'Reporting-MTA: dns; x.example',
    '',
    'Final-Recipient: rfc822; a@y.example',
    'Action: failed',
    '--r',
    'Content-Description: Undelivered Message',
    'Content-Type: message/rfc822',
    '',
    'Subject: my mail',
    '',
    'text',
    '--r--',
  )
  assert.deepEqual([letter.kind, letter.autoSubmitted], ['report', true])
  assert.deepEqual(letter.envelope.from, [
    { name: 'Mail Delivery System', address: 'MAILER-DAEMON@x.example' },
  ])
  const { plain, attachments } = await shown(letter)
  assert.deepEqual([plain, attachments], ['This is the mail system.', ['delivery-status.txt', 'my mail.eml']])
})

test('Exchange: a bounce whose text is HTML as well', async () => {
  const letter = mail(
    'Content-Type: multipart/report; report-type=delivery-status; boundary="r"',
    '',
    '--r',
    'Content-Type: multipart/alternative; differences=Content-Type; boundary="a"',
    '',
    '--a',
    'Content-Type: text/plain; charset="us-ascii"',
    '',
    'Delivery failed',
    '--a',
    'Content-Type: text/html; charset="us-ascii"',
    '',
    '<p>Delivery failed</p>',
    '--a--',
    '',
    '--r',
    'Content-Type: message/delivery-status',
    '',
    'Reporting-MTA: dns; x.example',
    '--r',
    'Content-Type: text/rfc822-headers',
    '',
    'Subject: my mail',
    '--r--',
  )
  const { native, plain, attachments } = await shown(letter)
  assert.deepEqual([letter.kind, native, plain], ['report', 'html', 'Delivery failed'])
  assert.deepEqual(attachments, ['delivery-status.txt', 'attachment-3.txt'])
})

test('Mailman: a footer behind a letter that was one part', async () => {
  const letter = mail(
    'List-Id: Talk <talk.lists.example>',
    'Content-Type: multipart/mixed; boundary="===="',
    '',
    '--====',
    'Content-Type: multipart/alternative; boundary="a"',
    '',
    '--a',
    'Content-Type: text/plain',
    '',
    'letter',
    '--a',
    'Content-Type: text/html',
    '',
    '<p>letter</p>',
    '--a--',
    '',
    '--====',
    'Content-Type: text/plain; charset="us-ascii"',
    'MIME-Version: 1.0',
    'Content-Disposition: inline',
    '',
    '____',
    'Talk mailing list',
    '--====--',
  )
  const { plain, html, attachments } = await shown(letter)
  assert.deepEqual([plain, attachments], ['letter\r\n____\r\nTalk mailing list', []])
  assert.match(html, /<p>letter<\/p><br>\s*____<br>\s*Talk mailing list/)
})

test('GnuPG: signed beside the text, the signature is a file', async () => {
  const letter = mail(
    'Content-Type: multipart/signed; micalg=pgp-sha512; protocol="application/pgp-signature"; boundary="s"',
    '',
    '--s',
    'Content-Type: text/plain; charset=utf-8',
    '',
    'signed',
    '--s',
    'Content-Type: application/pgp-signature; name="signature.asc"',
    '',
    '-----BEGIN PGP SIGNATURE-----',
    '--s--',
  )
  const { plain, attachments } = await shown(letter)
  assert.deepEqual([letter.kind, plain, attachments], ['note', 'signed', ['signature.asc']])
})

test('Japanese mailers: names in ISO-2022-JP, in words and bare, and half of a file name in each line', async () => {
  const letter = messageOf(
    Buffer.from(
      [
        'Subject: =?ISO-2022-JP?B?GyRCJDMkcyRLJEEkTxsoQg==?=',
        'From: \x1b$B$3$s\x1b(B <a@x.example>',
        'Content-Type: multipart/mixed; boundary=j',
        '',
        '--j',
        'Content-Type: text/plain; charset=ISO-2022-JP',
        '',
        '\x1b$B$3$s$K$A$O\x1b(B',
        '--j',
        'Content-Type: application/octet-stream;',
        ' name="=?ISO-2022-JP?B?GyRCJDMkcxsoQg==?=',
        ' =?ISO-2022-JP?B?GyRCJEskQSRPGyhCLnR4dA==?="',
        '',
        'x',
        '--j--',
      ].join('\r\n'),
      'latin1',
    ),
  )
  const { plain, attachments } = await shown(letter)
  assert.deepEqual(
    [letter.envelope.subject, letter.envelope.from[0]?.name, plain],
    ['こんにちは', 'こん', 'こんにちは'],
  )
  assert.deepEqual(attachments, ['こんにちは.txt'])
})

test('Lotus Notes: the HTML is a form of a form', async () => {
  const letter = mail(
    'Content-Type: multipart/related; boundary="=_related"',
    '',
    '--=_related',
    'Content-Type: multipart/alternative; boundary="=_alternative"',
    '',
    '--=_alternative',
    'Content-Type: text/plain; charset="US-ASCII"',
    '',
    'text',
    '--=_alternative',
    'Content-Type: text/html; charset="US-ASCII"',
    '',
    '<font>text</font><img src=cid:_1_>',
    '--=_alternative--',
    '--=_related',
    'Content-Type: image/gif',
    'Content-ID: <_1_>',
    'Content-Transfer-Encoding: base64',
    '',
    'R0lG',
    '--=_related--',
  )
  const { native, plain, attachments } = await shown(letter)
  assert.deepEqual([native, plain, attachments], ['html', 'text', ['attachment-2.gif (_1_)']])
})

test('DavMail and others: a file in a message without any text', async () => {
  const letter = mail(
    'Content-Type: multipart/mixed; boundary=m',
    '',
    '--m',
    'Content-Type: application/zip; name=a.zip',
    '',
    'x',
    '--m--',
  )
  assert.deepEqual(await shown(letter), { native: 'plain', plain: '', html: '', attachments: ['a.zip'] })
})
