import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { anyText } from '@relais/testing/any-text.ts'
import fc from 'fast-check'
import { z } from 'zod'
import { type ConfigurationSources, loadConfiguration } from './load.ts'

const schema = z.object({
  dataFolder: z
    .string()
    .min(1)
    .default('data')
    .meta({ description: 'Where everything is kept.', placeholder: 'FOLDER' }),
  port: z.number().int().min(0).max(65_535).default(8080).describe('Port of the listener.'),
  expose: z.boolean().default(false).describe('Listen on all interfaces.'),
  compress: z.boolean().default(true),
  level: z.enum(['debug', 'info']).default('info'),
  trustedProxies: z.array(z.string().max(20)).default([]),
  tls: z.object({ certificate: z.string().optional(), minVersion: z.number().default(1.2) }),
})

const load = (sources: Partial<ConfigurationSources>) => {
  const loaded = loadConfiguration(schema, { argv: [], env: {}, ...sources })
  assert.equal(loaded.kind, 'configuration')
  return loaded as Extract<typeof loaded, { kind: 'configuration' }>
}

const refusal = (sources: Partial<ConfigurationSources>): string => {
  try {
    load(sources)
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    assert.equal(code, 'CONFIGURATION_INVALID')
    assert.equal(message.includes('\n'), false)
    return message
  }
  assert.fail('the configuration was taken')
}

const fileWith = (context: TestContext, content: string | object): string => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-configuration-'))
  context.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'relais.json')
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}

test('without anything all is as the defaults say', () => {
  const { value, origins } = load({})
  assert.deepEqual(value, {
    dataFolder: 'data',
    port: 8080,
    expose: false,
    compress: true,
    level: 'info',
    trustedProxies: [],
    tls: { minVersion: 1.2 },
  })
  assert.deepEqual(origins, {})
})

test('a flag goes before the environment, the environment before the file, the file before the default', (context) => {
  const file = fileWith(context, { port: 1, dataFolder: 'of-file', level: 'debug' })
  const { value, origins } = load({
    file,
    env: { RELAIS_PORT: '2', RELAIS_DATA_FOLDER: 'of-env' },
    argv: ['--port', '3'],
  })
  assert.deepEqual([value.port, value.dataFolder, value.level, value.compress], [3, 'of-env', 'debug', true])
  assert.deepEqual(origins, { port: '--port', dataFolder: 'RELAIS_DATA_FOLDER', level: file })
})

for (const [argv, expected] of [
  [['--port', '25'], { port: 25 }],
  [['--port=25'], { port: 25 }],
  [['--data-folder=/srv/a=b'], { dataFolder: '/srv/a=b' }],
  [['--expose'], { expose: true }],
  [['--expose=false'], { expose: false }],
  [['--no-compress'], { compress: false }],
  [
    ['--tls-certificate', 'c.pem', '--tls-min-version', '1.3'],
    { tls: { certificate: 'c.pem', minVersion: 1.3 } },
  ],
  [
    ['--trusted-proxies', '10.0.0.1, 10.0.0.2', '--trusted-proxies=::1'],
    { trustedProxies: ['10.0.0.1', '10.0.0.2', '::1'] },
  ],
  [['--port', '1', '--port', '2'], { port: 2 }],
] as const) {
  test(`flags: ${argv.join(' ')}`, () => {
    assert.deepEqual({ ...load({ argv }).value, ...expected }, load({ argv }).value)
  })
}

for (const [env, expected] of [
  [{ RELAIS_EXPOSE: 'yes' }, { expose: true }],
  [{ RELAIS_COMPRESS: '0' }, { compress: false }],
  [{ RELAIS_TRUSTED_PROXIES: 'a,,b' }, { trustedProxies: ['a', 'b'] }],
  [{ RELAIS_TLS_MIN_VERSION: '1.3' }, { tls: { minVersion: 1.3 } }],
  [{ RELAIS_PORT: '' }, { port: 8080 }],
  [{ PORT: '25', RELAISPORT: '25' }, { port: 8080 }],
] as const) {
  test(`environment: ${JSON.stringify(env)}`, () => {
    assert.deepEqual({ ...load({ env }).value, ...expected }, load({ env }).value)
  })
}

for (const [argv, line] of [
  [['--prot', '25'], '--prot: there is no such option; --help lists them'],
  [['--port'], '--port needs a value'],
  [['--port', '--expose'], '--port needs a value'],
  [['--port', 'smtp'], 'port (--port): expected number, received string'],
  [['--port', '70000'], 'port (--port): Too big: expected number to be <=65535'],
  [['--port='], 'port (--port): expected number, received string'],
  [['--expose=perhaps'], 'expose (--expose): expected boolean, received string'],
  [['--no-port'], '--no-port: there is no such option; --help lists them'],
  [['--level', 'loud'], 'level (--level): expected one of "debug"|"info"'],
  [['start'], 'start: there are no arguments but options'],
  [['-p', '25'], '-p: there is no such option; --help lists them'],
  [
    ['--trusted-proxies', 'ok,not-an-address-at-all-but-long'],
    'trustedProxies.1 (--trusted-proxies): Too big: expected string to have <=20 characters',
  ],
] as const) {
  test(`a flag that is refused in one line: ${argv.join(' ')}`, () => {
    assert.equal(refusal({ argv }), line)
  })
}

test('a variable that is refused names itself', () => {
  assert.equal(
    refusal({ env: { RELAIS_PORT: '-1' } }),
    'port (RELAIS_PORT): Too small: expected number to be >=0',
  )
  assert.equal(
    refusal({ env: { RELAIS_PROT: '1' } }),
    'RELAIS_PROT: there is no such variable; --help lists them',
  )
})

test('a file may group settings, and its values have JSON types', (context) => {
  const file = fileWith(context, { tls: { certificate: 'c.pem' }, expose: true, trustedProxies: ['::1'] })
  const { value } = load({ file })
  assert.deepEqual(
    [value.tls, value.expose, value.trustedProxies],
    [{ certificate: 'c.pem', minVersion: 1.2 }, true, ['::1']],
  )
})

for (const [what, content, reason] of [
  ['an unknown setting', { prot: 1 }, (file: string) => `prot (${file}): there is no such setting`],
  [
    'an unknown setting in a group',
    { tls: { key: 1 } },
    (file: string) => `tls.key (${file}): there is no such setting`,
  ],
  ['a group that is none', { tls: 'c.pem' }, (file: string) => `tls (${file}): expected an object`],
  ['a number as text', { port: '25' }, (file: string) => `port (${file}): expected number, received string`],
  ['a list at the top', [], (file: string) => `${file}: not a JSON object`],
  ['half a file', '{"port": 25,\n "secret": "pa', (file: string) => `${file}: not JSON: line 2, column 15`],
  ['a trailing comma', '{"port": 25,}', (file: string) => `${file}: not JSON: line 1, column 13`],
  ['nothing', '', (file: string) => `${file}: not JSON`],
  ['noise', '\u0000\u0001', (file: string) => `${file}: not JSON`],
  [
    '__proto__',
    '{"__proto__": {"port": 1}}',
    (file: string) => `__proto__ (${file}): there is no such setting`,
  ],
] as const) {
  test(`a damaged file (${what}) is one line that quotes nothing of it`, (context) => {
    const file = fileWith(context, content)
    const line = refusal({ argv: ['--config', file] })
    assert.ok(line.startsWith(reason(file)), line)
    assert.doesNotMatch(line, /"pa/)
  })
}

test('a file may begin with a byte order mark, as editors on Windows write it', (context) => {
  assert.equal(load({ file: fileWith(context, '\uFEFF{"port": 25}') }).value.port, 25)
})

test('the usual file may lack, a file that somebody named may not', () => {
  assert.equal(load({ file: '/nonexistent/relais.json' }).value.port, 8080)
  const expected = "/nonexistent/other.json: the configuration file can't be read (ENOENT)"
  assert.equal(refusal({ argv: ['--config', '/nonexistent/other.json'] }), expected)
  assert.equal(refusal({ env: { RELAIS_CONFIG: '/nonexistent/other.json' } }), expected)
})

test('a folder in place of the file is one line', () => {
  assert.equal(
    refusal({ argv: ['--config', tmpdir()] }),
    `${tmpdir()}: the configuration file can't be read (EISDIR)`,
  )
})

test('a file of megabytes is not read', (context) => {
  const file = fileWith(context, ' '.repeat(1024 * 1024 + 1))
  assert.equal(refusal({ argv: ['--config', file] }), `${file}: the file is too large for a configuration`)
})

test('a named file goes before the usual one', (context) => {
  const usual = fileWith(context, { port: 1 })
  const named = fileWith(context, { port: 2 })
  assert.equal(load({ file: usual, env: { RELAIS_CONFIG: named } }).value.port, 2)
})

test('a setting that must be set and is not is named', () => {
  const strict = z.object({ name: z.string() })
  assert.throws(() => loadConfiguration(strict, { argv: [], env: {} }), { message: 'name: must be set' })
})

test('a rule over several settings is told in its own words', () => {
  const ruled = schema.refine(
    ({ expose, tls }) => !expose || tls.certificate !== undefined,
    'expose needs tls.certificate',
  )
  assert.throws(() => loadConfiguration(ruled, { argv: ['--expose'], env: {} }), {
    message: 'expose needs tls.certificate',
  })
})

test('no text, wherever it comes from, does anything but be taken or refused in one line', () => {
  fc.assert(
    fc.property(fc.array(anyText(20), { maxLength: 6 }), (argv) => {
      try {
        loadConfiguration(schema, { argv, env: { RELAIS_PORT: argv[0], RELAIS_LEVEL: argv[1] } })
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'CONFIGURATION_INVALID')
      }
    }),
  )
})
