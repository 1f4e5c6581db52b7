import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { loadConfiguration } from '@relais/service-kit'
import { configurationSchema } from '@relais/standalone/configuration.ts'
import { compose, environmentFile, known, unit, unitEnvironment, withDefaults } from './files.ts'
import { serviceValues } from './unit-file.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const { relais } = compose.services
const composeEnvironment = Object.fromEntries(
  Object.entries(relais.environment).map(([name, value]) => [name, withDefaults(value)]),
)

const configured = (env: Readonly<Record<string, string>>) => {
  const loaded = loadConfiguration(configurationSchema, { argv: [], env, summary: '' })
  assert.ok(loaded.kind !== 'help')
  return loaded.value
}

const own = (env: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('RELAIS_')))

/** The image's entry: how Node is started wherever Relais is installed. */
const entryPoint = (): readonly string[] => {
  const dockerfile = readFileSync(new URL('../../image/Dockerfile', import.meta.url), 'utf8')
  return JSON.parse(/^ENTRYPOINT (\[.*\])$/m.exec(dockerfile)?.[1] ?? '[]')
}

describe('what is set', () => {
  for (const [where, variables] of [
    ['relais.service', unitEnvironment],
    ['relais.env', environmentFile],
    ['compose.yaml', composeEnvironment],
  ] as const) {
    test(`${where}: every variable of Relais is one that it knows, with a value that it takes`, () => {
      const ours = own(variables)
      assert.ok(Object.keys(ours).length > 0)
      for (const name of Object.keys(ours)) assert.ok(known.has(name), `${name} is no setting`)
      configured(ours)
    })
  }

  test('neither begins with the demo, and both write the log where the system takes it', () => {
    for (const variables of [unitEnvironment, composeEnvironment]) {
      const { withoutDemo, logFile, ephemeral } = configured(own(variables))
      assert.deepEqual([withoutDemo, logFile, ephemeral], [true, '-', false])
    }
  })

  test('relais.env doesn’t say again what the unit says', () => {
    assert.deepEqual(
      Object.keys(environmentFile).filter((name) => name in unitEnvironment),
      [],
    )
  })
})

describe('relais.service', () => {
  const [start = ''] = serviceValues(unit, 'ExecStart')
  const words = start.split(/\s+/)

  test('what it starts is in the tree, under /opt/relais', () => {
    for (const path of [words[0], words.at(-1)]) {
      assert.match(path ?? '', /^\/opt\/relais\//)
      assert.ok(existsSync((path ?? '').replace('/opt/relais/', ROOT)), `${path} is not there`)
    }
  })

  test('Node is told the same of its memory as in the image, and of waiting phones as npm start tells it', () => {
    const options = (all: readonly string[]) => all.filter((word) => word.startsWith('--')).toSorted()
    const { scripts } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'))
    assert.deepEqual(options(words), options([...entryPoint(), ...scripts.start.split(' ')]))
    for (const name of ['MALLOC_MMAP_THRESHOLD_', 'MALLOC_TOP_PAD_'])
      assert.match(scripts.start, new RegExp(`${name}=${unitEnvironment[name]} `))
  })

  test('its data and its cache are folders that systemd makes for it', () => {
    for (const [variable, folder, under] of [
      ['RELAIS_DATA', 'StateDirectory', '/var/lib'],
      ['NODE_COMPILE_CACHE', 'CacheDirectory', '/var/cache'],
    ] as const)
      assert.equal(unitEnvironment[variable], `${under}/${serviceValues(unit, folder)[0]}`)
  })

  test('it has longer to end than it takes to answer the phones that wait', () => {
    const [stop] = serviceValues(unit, 'TimeoutStopSec')
    assert.ok(Number(stop) >= configured(own(unitEnvironment)).graceSeconds + 15)
  })
})

describe('compose.yaml', () => {
  test('what it publishes is this machine’s alone, and a port of its own in the container', () => {
    const { port, adminPort, lmtpPort, smtpPort, submissionPort } = configured({})
    const listened = [port, adminPort, lmtpPort, smtpPort, submissionPort].map(String)
    for (const published of relais.ports) {
      const [address, , inside] = published.split(':')
      assert.equal(address, '127.0.0.1')
      assert.ok(listened.includes(inside ?? ''), `nothing listens on ${inside}`)
    }
  })

  test('submission, which would be without TLS, is not published', () => {
    const submission = String(configured({}).submissionPort)
    assert.ok(relais.ports.every((published) => !published.endsWith(`:${submission}`)))
    assert.equal(configured(own(composeEnvironment)).passwordsInClear, false)
  })

  test('it believes the proxy that comes by the network’s gateway, and nobody else', () => {
    const [network] = compose.networks.relais.ipam.config
    assert.deepEqual(configured(own(composeEnvironment)).trustedProxies, [network?.gateway])
  })

  test('its data is a folder of the machine, where it is told to keep it', () => {
    const inside = relais.volumes.map((volume) => volume.split(':')[1])
    assert.ok(inside.includes(composeEnvironment.RELAIS_DATA))
  })

  test('it runs as the image’s user, with nothing that it doesn’t need', () => {
    const dockerfile = readFileSync(new URL('../../image/Dockerfile', import.meta.url), 'utf8')
    assert.ok(dockerfile.includes(`USER ${relais.user}`))
    assert.deepEqual(relais.cap_drop, ['ALL'])
    assert.deepEqual(relais.security_opt, ['no-new-privileges:true'])
    assert.equal(relais.read_only, true)
    assert.deepEqual(relais.command, ['standalone'])
  })

  test('it has longer to end than it takes to answer the phones that wait', () => {
    const seconds = Number.parseInt(relais.stop_grace_period, 10)
    assert.ok(seconds >= configured(own(composeEnvironment)).graceSeconds + 15)
  })
})
