import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import fc from 'fast-check'
import { extensionOf, safeFileName } from './file-name.ts'

const CASES: readonly [string, string][] = [
  ['report.pdf', 'report.pdf'],
  ['Über alles.txt', 'Über alles.txt'],
  ['/etc/passwd', 'passwd'],
  ['..\\..\\evil.exe', 'evil.exe'],
  ['C:\\temp\\new.txt', 'new.txt'],
  ['a/b\\c.txt', 'c.txt'],
  ['..', ''],
  ['.', ''],
  ['.htaccess', 'htaccess'],
  ['name. . ', 'name'],
  ['a:b|c?d*e"f<g>h.txt', 'a_b_c_d_e_f_g_h.txt'],
  ['a\0b\r\nc.txt', 'a b c.txt'],
  ['invoice\u202efdp.exe', 'invoice_fdp.exe'],
  ['CON', '_CON'],
  ['nul.txt', '_nul.txt'],
  ['console.txt', 'console.txt'],
  ['LPT1.log', '_LPT1.log'],
  ['', ''],
  ['   ', ''],
  ['dir/', ''],
]

for (const [name, safe] of CASES)
  test(`${JSON.stringify(name)} is saved as ${JSON.stringify(safe)}`, () =>
    assert.equal(safeFileName(name), safe))

test('a name that is too long loses its middle, not its ending, and no half character', () => {
  const cut = safeFileName(`${'ä'.repeat(300)}.pdf`)
  assert.ok(cut.endsWith('ä.pdf'))
  assert.ok(Buffer.byteLength(cut) <= 255)
  assert.ok(safeFileName('😀'.repeat(200)).isWellFormed())
})

test('any name becomes one that can be saved, and stays as it is the second time', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary', maxLength: 400 })),
      (name) => {
        const safe = safeFileName(name)
        assert.ok(!/[/\\:*?"<>|\p{Cc}]/u.test(safe))
        assert.ok(Buffer.byteLength(safe) <= 255)
        assert.ok(safe.isWellFormed())
        assert.equal(safeFileName(safe), safe)
      },
    ),
    { numRuns: 1000 },
  )
})

test('types have the endings that systems know them by', () => {
  assert.equal(extensionOf('application/pdf'), '.pdf')
  assert.equal(extensionOf('message/rfc822'), '.eml')
  assert.equal(extensionOf('application/x-unheard-of'), '.bin')
  assert.equal(extensionOf('constructor'), '.bin')
})
