import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { deliver, mailsIn, READ_MAILDIR } from './mail.ts'

const folder = mkdtempSync(join(tmpdir(), 'relais-mail-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const write = (path: string, text: string | Buffer) => {
  mkdirSync(join(folder, path, '..'), { recursive: true })
  writeFileSync(join(folder, path), text)
}

describe('what is in a Maildir', () => {
  test('is read with its mailboxes and marks, in the order in which it was written, and is gone then', () => {
    write('one/cur/5.R2.relais:2,FS', 'Subject: second\r\n\r\nx')
    write('one/cur/5.R10.relais:2,', 'Subject: third\r\n\r\nx')
    write('one/cur/5.R1.relais:2,RS', 'SUBJECT:  first\r\n of all\r\nTo: a\r\n\r\nSubject: no')
    write('one/.Work.2026/cur/1.R4.relais:2,D', Buffer.from([0x46, 0x3a, 0xff, 0x0d, 0x0a, 0x0d, 0x0a]))
    mkdirSync(join(folder, 'one/new'), { recursive: true })
    const place = join(folder, 'one')
    const mails = mailsIn(execFileSync(process.execPath, ['-e', READ_MAILDIR, place], { encoding: 'utf8' }))
    assert.deepEqual(
      mails.map(({ mailbox, subject, read, flagged, answered, draft }) =>
        [mailbox, subject, read && 'read', flagged && 'flagged', answered && 'answered', draft && 'draft']
          .filter(Boolean)
          .join(' '),
      ),
      ['Inbox first of all read answered', 'Inbox second read flagged', 'Inbox third', 'Work/2026 draft'],
    )
    assert.equal(mails[3]?.raw[2], 0xff)
    assert.ok(!existsSync(place))
  })

  test('is nothing where there is nothing', () => {
    mkdirSync(join(folder, 'two/cur'), { recursive: true })
    const place = join(folder, 'two')
    assert.deepEqual(
      mailsIn(execFileSync(process.execPath, ['-e', READ_MAILDIR, place], { encoding: 'utf8' })),
      [],
    )
  })
})

/** An LMTP server that refuses whom it is told to; what it was told is in `lines`. */
const lmtpServer = async (refused: string): Promise<{ server: Server; lines: string[] }> => {
  const lines: string[] = []
  const server = createServer((socket) => {
    let recipients: string[] = []
    let inData = false
    socket.write('220 there\r\n')
    socket.on('data', (chunk) => {
      for (const line of chunk.toString().split('\r\n').slice(0, -1)) {
        lines.push(line)
        if (inData && line !== '.') continue
        if (inData) {
          inData = false
          for (const _ of recipients) socket.write('250 stored\r\n')
          recipients = []
        } else if (line.startsWith('RCPT')) {
          const ok = !line.includes(refused)
          if (ok) recipients.push(line)
          socket.write(ok ? '250 yes\r\n' : '550 5.1.1 nobody of that name\r\n')
        } else if (line === 'DATA') {
          inData = true
          socket.write('354 go on\r\n')
        } else socket.write('250 yes\r\n')
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, lines }
}

const at = (server: Server) => ({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })

describe('delivering', () => {
  test('speaks LMTP, with one envelope for all recipients', async (t) => {
    const { server, lines } = await lmtpServer('nobody@')
    t.after(() => server.close())
    await deliver(at(server), { to: ['anna@a.example', 'ben@a.example'], subject: 'hello', text: 'x' })
    assert.match(lines[0] ?? '', /^LHLO /)
    assert.match(lines[1] ?? '', /^MAIL FROM:<sender@elsewhere\.example>/)
    assert.equal(lines.filter((line) => line.startsWith('RCPT TO:')).length, 2)
    assert.ok(lines.includes('Subject: hello'))
  })

  test('a raw message leaves as it is', async (t) => {
    const { server, lines } = await lmtpServer('nobody@')
    t.after(() => server.close())
    await deliver(at(server), {
      to: 'anna@a.example',
      from: 'ben@b.example',
      raw: 'X-Own: 1\r\n\r\nbody\r\n',
    })
    assert.match(lines[1] ?? '', /ben@b\.example/)
    assert.deepEqual(lines.slice(lines.indexOf('DATA') + 1, lines.indexOf('.')), ['X-Own: 1', '', 'body'])
  })

  test('one recipient of two refused is an error that names it', async (t) => {
    const { server } = await lmtpServer('nobody@')
    t.after(() => server.close())
    await assert.rejects(
      deliver(at(server), { to: ['anna@a.example', 'nobody@a.example'], text: 'x' }),
      /refused for nobody@a\.example/,
    )
  })

  test('the only recipient refused is an error with the server’s words', async (t) => {
    const { server } = await lmtpServer('nobody@')
    t.after(() => server.close())
    await assert.rejects(deliver(at(server), { to: 'nobody@a.example', text: 'x' }), /nobody of that name/)
  })

  test('nobody there is an error', async () => {
    await assert.rejects(deliver({ host: '127.0.0.1', port: 1 }, { to: 'a@a.example' }), /ECONNREFUSED/)
  })
})
