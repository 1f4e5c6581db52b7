import assert from 'node:assert/strict'
import test from 'node:test'
import { z } from 'zod'
import { configurationReference } from './help.ts'
import { loadConfiguration } from './load.ts'

const schema = z.object({
  dataFolder: z
    .string()
    .default('data')
    .meta({ description: 'Where everything is kept.', placeholder: 'FOLDER' }),
  expose: z
    .boolean()
    .default(false)
    .describe(
      'Listen on all interfaces over TLS, and print the addresses by which a phone on this network reaches it.',
    ),
  compress: z.boolean().default(true).describe('Compress answers.'),
  level: z.enum(['debug', 'info']).default('info').describe('How much is logged: debug | info.'),
  tls: z.object({ certificate: z.string().optional().describe('PEM file.') }),
})

const help = () => {
  const loaded = loadConfiguration(schema, {
    argv: ['--help'],
    env: {},
    command: 'relais-server',
    summary: 'Runs everything.',
  })
  assert.equal(loaded.kind, 'help')
  return (loaded as { text: string }).text
}

test('the help text is made of the schema', () => {
  assert.equal(
    help(),
    `Usage: relais-server [options]

Runs everything.

Options; in brackets the environment variable that does the same:

  --data-folder FOLDER
      Where everything is kept. Default: data. [RELAIS_DATA_FOLDER]

  --expose
      Listen on all interfaces over TLS, and print the addresses by which a
      phone on this network reaches it. [RELAIS_EXPOSE]

  --no-compress
      Compress answers. [RELAIS_COMPRESS]

  --level debug|info
      How much is logged: debug | info. Default: info. [RELAIS_LEVEL]

  --tls-certificate TEXT
      PEM file. [RELAIS_TLS_CERTIFICATE]

  --config FILE
      JSON file of settings by their names; options and variables go before it.
      [RELAIS_CONFIG]

  --help
      Print this.
`,
  )
})

test('no line of the help text is longer than a terminal is wide', () => {
  assert.ok(
    help()
      .split('\n')
      .every((line) => line.length <= 80),
  )
})

test('help is given even beside a setting that is wrong', () => {
  const loaded = loadConfiguration(schema, { argv: ['--level', 'loud', '-h'], env: { RELAIS_NO: '1' } })
  assert.equal(loaded.kind, 'help')
})

test('the reference is a Markdown table of the same', () => {
  assert.equal(
    configurationReference(schema).split('\n').slice(0, 7).join('\n'),
    `| setting | option | environment | default | meaning |
| --- | --- | --- | --- | --- |
| \`dataFolder\` | \`--data-folder FOLDER\` | \`RELAIS_DATA_FOLDER\` | \`data\` | Where everything is kept. |
| \`expose\` | \`--expose\` | \`RELAIS_EXPOSE\` |  | Listen on all interfaces over TLS, and print the addresses by which a phone on this network reaches it. |
| \`compress\` | \`--no-compress\` | \`RELAIS_COMPRESS\` |  | Compress answers. |
| \`level\` | \`--level debug\\|info\` | \`RELAIS_LEVEL\` | \`info\` | How much is logged: debug \\| info. |
| \`tls.certificate\` | \`--tls-certificate TEXT\` | \`RELAIS_TLS_CERTIFICATE\` |  | PEM file. |`,
  )
})
