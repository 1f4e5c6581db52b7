import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LANGUAGES, nameOfRole, roleOfName } from './names.ts'
import { isRole, ROLES } from './roles.ts'

test('every default mailbox has a name in English, French, German, Dutch, Spanish, Italian, Portuguese and Polish', () => {
  assert.deepEqual([...LANGUAGES].sort(), ['de', 'en', 'es', 'fr', 'it', 'nl', 'pl', 'pt'])
  for (const language of LANGUAGES) {
    const names = ROLES.map((role) => nameOfRole(role, language))
    assert.equal(new Set(names.map((name) => name.toLowerCase())).size, ROLES.length, language)
    for (const name of names) assert.match(name, /^\p{L}[\p{L}' ]*$/u)
  }
})

test('region and script of a locale make no difference', () => {
  assert.equal(nameOfRole('drafts', 'pt-BR'), nameOfRole('drafts', 'pt'))
  assert.equal(nameOfRole('drafts', 'de_CH'), 'Entwürfe')
  assert.equal(nameOfRole('drafts', 'FR'), 'Brouillons')
})

test("a language we don't speak, or none, is English", () => {
  for (const locale of ['', 'x', 'sv-SE', '__proto__', 'constructor', 'to']) {
    assert.equal(nameOfRole('inbox', locale), 'Inbox')
  }
})

test('every name leads back to its role', () => {
  for (const language of LANGUAGES) {
    for (const role of ROLES) assert.equal(roleOfName(nameOfRole(role, language).toUpperCase()), role)
  }
})

test('other names have no role', () => {
  for (const name of ['', 'Projects', '__proto__']) assert.equal(roleOfName(name), undefined)
  assert.equal(isRole('m1'), false)
  assert.equal(isRole('inbox'), true)
})
