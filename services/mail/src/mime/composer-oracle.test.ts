import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import fc from 'fast-check'
import MailComposer from 'nodemailer/lib/mail-composer/index.js'
import { attachmentsOf } from './attachments.ts'
import { bodyOf } from './body-parts.ts'
import { messageOf, type TestMessage } from './message.fixture.ts'
import { openPart, readRange } from './open-part.ts'
import { type Format, renderText } from './render-text.ts'

/** What nodemailer writes is read again: a writer that isn't ours, of mail that many programs send. */
type Written = {
  readonly subject: string
  readonly from: { name: string; address: string }
  readonly to: readonly { name: string; address: string }[]
  readonly text: string
  readonly html: string
  readonly files: readonly { filename: string; content: Buffer; inline: boolean }[]
  readonly encoding: 'quoted-printable' | 'base64'
  readonly newline: '\n' | '\r\n'
  readonly seconds: number
}

const isOneLine = (text: string): boolean => text === text.replace(/\s+/g, ' ').trim()

const phrase = fc
  .string({ unit: 'grapheme-composite', maxLength: 40 })
  .filter((text) => isOneLine(text) && !/[\p{C}"'<>]/u.test(text))
const mailbox = fc.record(
  {
    name: phrase,
    address: fc.stringMatching(/^[a-z][a-z0-9]{0,10}[a-z]@[a-z]{1,10}\.example$/),
  },
  { noNullPrototype: true },
)
const paragraph = fc
  .string({ unit: 'grapheme-composite', minLength: 1, maxLength: 200 })
  .map((text) => text.replace(/\p{C}/gu, ' '))
  .filter((text) => text.trim() !== '')
const fileName = fc.stringMatching(/^[A-Za-z0-9äöü€日本 -]{1,40}\.[a-z]{3}$/).filter(isOneLine)

const written: fc.Arbitrary<Written> = fc.record({
  subject: phrase,
  from: mailbox,
  to: fc.array(mailbox, { minLength: 1, maxLength: 5 }),
  text: fc.array(paragraph, { minLength: 1, maxLength: 5 }).map((lines) => lines.join('\n')),
  html: paragraph.map((text) => `<p>${text.replace(/[<&]/g, '.')}</p>`),
  files: fc.array(
    fc.record({
      filename: fileName,
      content: fc.uint8Array({ minLength: 1, maxLength: 500 }).map((bytes) => Buffer.from(bytes)),
      inline: fc.boolean(),
    }),
    { maxLength: 4 },
  ),
  encoding: fc.constantFrom('quoted-printable', 'base64'),
  newline: fc.constantFrom('\n', '\r\n'),
  seconds: fc.integer({ min: 0, max: 2_000_000_000 }),
})

const compose = async (mail: Written): Promise<TestMessage> => {
  const attachments = mail.files.map(({ filename, content, inline }, index) => ({
    filename,
    content,
    ...(inline ? { cid: `image${index}@x.example`, contentDisposition: 'inline' as const } : {}),
  }))
  const composer = new MailComposer({
    subject: mail.subject,
    from: mail.from,
    to: [...mail.to],
    text: mail.text,
    html: mail.html,
    attachments,
    date: new Date(mail.seconds * 1000),
    textEncoding: mail.encoding,
    newline: mail.newline,
  })
  return messageOf(await composer.compile().build())
}

const textOf = async (letter: TestMessage, format: Format): Promise<string> => {
  const { bytes } = await renderText({
    body: bodyOf(letter.structure),
    read: letter.read,
    format,
    wanted: 1_000_000,
  })
  return Buffer.from(bytes).toString().replace(/\r\n/g, '\n')
}

const contentOf = async ({ structure, read }: TestMessage, part: string): Promise<Buffer> => {
  const opened = openPart(structure, part)
  assert.ok(opened)
  const chunks: Uint8Array[] = []
  for await (const chunk of readRange(opened, read, { offset: 0, length: 0 })) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const forAll = (check: (mail: Written, letter: TestMessage) => Promise<void> | void): Promise<void> =>
  fc.assert(
    fc.asyncProperty(written, async (mail) => check(mail, await compose(mail))),
    { numRuns: 150 },
  )

test('subject, date, sender and recipients that nodemailer writes are read again', () =>
  forAll(({ subject, seconds, from, to }, { envelope }) => {
    assert.equal(envelope.subject, subject)
    assert.equal(envelope.date, seconds * 1000)
    assert.deepEqual(envelope.from, [from])
    assert.deepEqual(envelope.to, to)
  }))

test('both forms of a text that nodemailer writes are read again, in both encodings', () =>
  forAll(async ({ text, html }, letter) => {
    // White space at a line's end survives no quoted-printable that wasn't escaped; a writer may drop a last line end.
    assert.equal((await textOf(letter, 'plain')).trimEnd(), text.trimEnd())
    assert.equal((await textOf(letter, 'html')).trimEnd(), html.trimEnd())
  }))

test('attachments that nodemailer writes are read again, byte for byte, with their names', () =>
  forAll(async ({ files }, letter) => {
    const found = attachmentsOf(letter.structure)
    const byName = (one: { name: string }, other: { name: string }): number =>
      one.name < other.name ? -1 : 1
    const contents = await Promise.all(
      found.map(async ({ part, name, size }) => ({
        name,
        size,
        content: (await contentOf(letter, part)).toString('hex'),
      })),
    )
    const expected = files.map(({ filename, content }) => ({
      name: filename,
      size: content.length,
      content: content.toString('hex'),
    }))
    const key = (one: { name: string; content: string }) => ({ ...one, name: one.name + one.content })
    assert.deepEqual(contents.map(key).sort(byName), expected.map(key).sort(byName))
  }))

test('images that HTML shows are inline, files are not', () =>
  forAll(({ files }, { structure }) => {
    const found = attachmentsOf(structure)
    assert.equal(found.filter(({ inline }) => inline).length, files.filter(({ inline }) => inline).length)
    for (const { inline, contentId } of found) assert.equal(inline, contentId.startsWith('image'))
  }))

test('a preview is the beginning of the text that nodemailer writes', () =>
  forAll(({ text }, { preview }) => {
    const words = preview.slice(0, 5).trim()
    assert.ok(
      text.replace(/\s+/g, ' ').includes(words) || /\p{C}|\p{Cf}/u.test(text),
      `${JSON.stringify(preview)} of ${JSON.stringify(text)}`,
    )
  }))

test('an invitation that nodemailer writes is one', async () => {
  const composer = new MailComposer({
    from: 'a@x.example',
    to: 'b@x.example',
    text: 'Come',
    html: '<p>Come</p>',
    icalEvent: {
      method: 'REQUEST',
      filename: 'come.ics',
      content: 'BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n',
    },
  })
  const letter = messageOf(await composer.compile().build())
  assert.equal(letter.kind, 'meeting-request')
  assert.equal(await textOf(letter, 'plain'), 'Come')
  assert.ok(attachmentsOf(letter.structure).some(({ name }) => name === 'come.ics'))
})

test('a list message that nodemailer writes is known as one', async () => {
  const composer = new MailComposer({
    from: 'a@x.example',
    to: 'b@x.example',
    text: 'News',
    headers: { 'List-ID': 'The news <news.x.example>', Precedence: 'bulk' },
  })
  const letter = messageOf(await composer.compile().build())
  assert.deepEqual([letter.autoSubmitted, letter.listId], [true, 'news.x.example'])
})

test('a message that nodemailer embeds is a message', async () => {
  const inner = await new MailComposer({ from: 'a@x.example', subject: 'Inner', text: 'inner text' })
    .compile()
    .build()
  const composer = new MailComposer({
    from: 'b@x.example',
    text: 'See below',
    attachments: [
      { contentType: 'message/rfc822', content: inner, contentTransferEncoding: '8bit' as 'base64' },
    ],
  })
  const letter = messageOf(await composer.compile().build())
  const [found] = attachmentsOf(letter.structure)
  assert.equal(found?.method, 'message')
  assert.ok(found?.name.endsWith('.eml'))
})
