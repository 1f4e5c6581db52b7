import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after, describe } from 'node:test'
import { readCa, readSecret } from './secret-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'relais-secret-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const fileWith = (text: string): string => {
  const file = join(folder, `file-${text.length}`)
  writeFileSync(file, text)
  return file
}

describe('a secret in a file', () => {
  test('is its text without the end of the line', () =>
    assert.equal(readSecret(fileWith(`${'s'.repeat(32)}\n`), 'tokenFile'), 's'.repeat(32)))

  test('is refused where it can be guessed, and the setting is named but not what stands there', () => {
    assert.throws(
      () => readSecret(fileWith('too short'), 'tokenFile'),
      (error: Error) => {
        assert.match(error.message, /tokenFile: .* less than 32/)
        assert.doesNotMatch(error.message, /too short/)
        return true
      },
    )
  })

  test('that is not there is refused', () =>
    assert.throws(() => readSecret('/nowhere/token', 'tokenFile'), {
      code: 'CONFIGURATION_INVALID',
      retryable: false,
    }))
})

describe('an authority in a file', () => {
  test('need not be named', () => assert.equal(readCa(undefined, 'rows.caFile'), undefined))
  test('is the text of the file', () => assert.equal(readCa(fileWith('PEM'), 'rows.caFile'), 'PEM'))
  test('that is not there is refused', () =>
    assert.throws(() => readCa('/nowhere/ca', 'rows.caFile'), /rows\.caFile: \/nowhere\/ca/))
})
