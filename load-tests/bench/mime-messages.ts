import { Buffer } from 'node:buffer'

const PARAGRAPH =
  '<p style="margin: 0 0 8px 0">Guten Tag, hier ist die Fassung f&uuml;r die Sitzung am Montag; <b>bitte</b> pr&uuml;fen Sie die Zahlen in <a href="https://example.org/a?b=c&amp;d=e">der Tabelle</a>.</p>\r\n'

const quoted = (text: string): string =>
  text.replace(/=/g, '=3D').replace(/[^\r\n]{72}/g, (line) => `${line}=\r\n`)

const header = (number: number): string =>
  [
    'Return-Path: <sender@example.org>',
    'Received: from mx.example.org (mx.example.org [192.0.2.1]) by mail.example.net with ESMTPS id 4XyZ; Mon, 9 Mar 2026 11:19:47 +0100 (CET)',
    'Received: from localhost by mx.example.org; Mon, 9 Mar 2026 11:19:46 +0100',
    `DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=s1; h=from:to:subject;\r\n bh=${'A'.repeat(43)}=;\r\n b=${'B'.repeat(340)}`,
    'Authentication-Results: mail.example.net; dkim=pass header.d=example.org; spf=pass smtp.mailfrom=example.org',
    'From: =?utf-8?Q?J=C3=B6rg_M=C3=BCller?= <joerg@example.org>',
    'To: "Doe, Jane" <jane@example.net>, team@example.net',
    `Subject: =?utf-8?B?U2l0enVuZyBhbSBNb250YWc6IFphaGxlbiBmw7xyIGRlbiBCZXJpY2h0?= ${number}`,
    'Date: Mon, 9 Mar 2026 11:19:45 +0100',
    `Message-ID: <${number}.1234567890@example.org>`,
    'References: <1@example.net> <2@example.org> <3@example.net>',
    'MIME-Version: 1.0',
    'X-Mailer: Example 1.0',
  ].join('\r\n')

/** A letter in both forms, its HTML of about `htmlBytes` decoded. */
export const letter = (htmlBytes: number, number = 1): Buffer => {
  const html = `<html><head><style>p { color: #333 }</style></head><body>\r\n${PARAGRAPH.repeat(Math.ceil(htmlBytes / PARAGRAPH.length))}</body></html>\r\n`
  const plain =
    'Guten Tag, hier ist die Fassung für die Sitzung am Montag; bitte prüfen Sie die Zahlen.\r\n'.repeat(
      Math.ceil(htmlBytes / 600),
    )
  return Buffer.from(
    [
      header(number),
      'Content-Type: multipart/alternative; boundary="----=_Part_1"',
      '',
      '------=_Part_1',
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: 8bit',
      '',
      plain,
      '------=_Part_1',
      'Content-Type: text/html; charset=utf-8',
      'Content-Transfer-Encoding: quoted-printable',
      '',
      quoted(html),
      '------=_Part_1--',
      '',
    ].join('\r\n'),
  )
}

/** A letter with one attachment of that many bytes. */
export const letterWithAttachment = (
  bytes: number,
  encoding: 'base64' | '7bit' | 'quoted-printable',
): Buffer => {
  const lines =
    encoding === 'base64'
      ? Buffer.alloc(bytes, 'content of a file ').toString('base64').replace(/.{76}/g, '$&\r\n')
      : 'A line of a text file, as long as lines of mail are in the middle.\r\n'.repeat(Math.ceil(bytes / 68))
  return Buffer.from(
    [
      header(1),
      'Content-Type: multipart/mixed; boundary="b1"',
      '',
      '--b1',
      'Content-Type: text/plain',
      '',
      'See the file.',
      '--b1',
      'Content-Type: application/octet-stream',
      'Content-Disposition: attachment; filename="file.bin"',
      `Content-Transfer-Encoding: ${encoding}`,
      '',
      lines,
      '--b1--',
      '',
    ].join('\r\n'),
  )
}

/** Sizes as mail has them: 2 to 60 KB, median 14 KB. */
export const mailbox = (count: number): readonly Buffer[] => {
  const sizes = [2, 4, 6, 8, 10, 12, 13, 14, 15, 17, 20, 25, 32, 45, 60]
  return Array.from({ length: count }, (_, number) =>
    letter((sizes[number % sizes.length] ?? 14) * 820, number),
  )
}
