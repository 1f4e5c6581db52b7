import assert from 'node:assert/strict'
import test from 'node:test'
import { z } from 'zod'
import { settingsOf } from './settings.ts'

const only = (schema: z.ZodType) => settingsOf(z.object({ value: schema }))[0]!

for (const [name, flag, variable] of [
  ['port', 'port', 'RELAIS_PORT'],
  ['dataFolder', 'data-folder', 'RELAIS_DATA_FOLDER'],
  ['smtp2Port', 'smtp2-port', 'RELAIS_SMTP2_PORT'],
  ['x', 'x', 'RELAIS_X'],
] as const) {
  test(`${name} is --${flag} and ${variable}`, () => {
    const [setting] = settingsOf(z.object({ [name]: z.string() }))
    assert.deepEqual([setting?.flag, setting?.variable, setting?.name], [flag, variable, name])
  })
}

test('a setting in groups has all their names', () => {
  const [setting] = settingsOf(z.object({ mailIn: z.object({ tls: z.object({ certFile: z.string() }) }) }))
  assert.equal(setting?.name, 'mailIn.tls.certFile')
  assert.equal(setting?.flag, 'mail-in-tls-cert-file')
  assert.equal(setting?.variable, 'RELAIS_MAIL_IN_TLS_CERT_FILE')
})

for (const [what, schema, kind] of [
  ['text', z.string(), 'text'],
  ['an address', z.email(), 'text'],
  ['one of some words', z.enum(['a', 'b']), 'text'],
  ['a number', z.number(), 'number'],
  ['a whole number', z.int().min(1), 'number'],
  ['a number or a word', z.union([z.number(), z.literal('auto')]), 'number'],
  ['a switch', z.boolean(), 'switch'],
  ['a list', z.array(z.string()), 'list'],
  ['a number with a default', z.number().default(1), 'number'],
  ['a number that may lack', z.number().optional(), 'number'],
  ['a text that becomes something else', z.string().transform((text) => text.length), 'text'],
  ['a text with a rule', z.string().refine((text) => text !== 'x'), 'text'],
] as const) {
  test(`${what} is read as ${kind}`, () => {
    assert.equal(only(schema).kind, kind)
  })
}

test('what stands for a value is said by the schema, or follows from its kind', () => {
  assert.equal(only(z.string().meta({ placeholder: 'FILE' })).placeholder, 'FILE')
  assert.equal(only(z.enum(['debug', 'info'])).placeholder, 'debug|info')
  assert.equal(only(z.int()).placeholder, 'NUMBER')
  assert.equal(only(z.array(z.string())).placeholder, 'LIST')
  assert.equal(only(z.boolean()).placeholder, '')
})

test('a description is found before and after a default', () => {
  assert.equal(only(z.number().describe('Port.').default(1)).description, 'Port.')
  assert.equal(only(z.number().default(1).describe('Port.')).description, 'Port.')
})

test('the order of the schema is kept, groups where they stand', () => {
  const schema = z.object({ b: z.string(), a: z.object({ z: z.string(), y: z.string() }), c: z.string() })
  assert.deepEqual(
    settingsOf(schema).map(({ name }) => name),
    ['b', 'a.z', 'a.y', 'c'],
  )
})
