import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type ServerProcess, startServer } from '@relais/servers'
import { relais as commandLine, type Ready, testFolder } from '../../../services/standalone/test/process.ts'
import { compose, UNIT_TEXT, unit, unitEnvironment, withDefaults } from './files.ts'
import { serviceValues } from './unit-file.ts'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../../../', import.meta.url)).replace(/\/$/, '')
const NOBODY = 65_534

const folder = testFolder()
after(() => folder.remove())

/** Who may do nothing: only where the test may become somebody else. */
const unprivileged = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}

/** Why nobody can start what is here, or false: a checkout may lie where others don't get in. */
const outOfReach = async (): Promise<string | false> =>
  run(process.execPath, [join(ROOT, 'services/standalone/src/main.ts'), '--help'], {
    cwd: '/',
    ...unprivileged,
  }).then(
    () => false,
    () => `an unprivileged user can't read ${ROOT}`,
  )

type Installed = {
  readonly name: string
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

/** Its folders are the user's own; everything else belongs to somebody else. */
const folderOf = (name: string): string => {
  const path = join(folder.path, name)
  mkdirSync(path, { recursive: true, mode: 0o700 })
  if (unprivileged.uid !== undefined) chownSync(path, NOBODY, NOBODY)
  return path
}

const startInstalled = async (t: TestContext, { name, command, environment }: Installed) => {
  const data = folderOf(`${name}-data`)
  const announced = join(data, 'running.json')
  const logFile = join(folder.path, `${name}.log`)
  const [program = '', ...args] = command
  const server = await startServer({
    ...{ name, program, args, logFile, cwd: data, ...unprivileged },
    env: {
      ...environment,
      RELAIS_DATA: data,
      RELAIS_PORT: '0',
      NODE_COMPILE_CACHE: folderOf('cache'),
      TMPDIR: folderOf(`${name}-tmp`),
    },
    ready: async () => existsSync(announced),
    within: 150_000, // nothing is compiled yet
  })
  t.after(() => server.stop())
  const ready: Ready = JSON.parse(readFileSync(announced, 'utf8'))
  return { data, ready, server, log: () => readFileSync(logFile, 'utf8') }
}

const signIn = async ({ ready }: { ready: Ready }, user: string): Promise<number> => {
  const response = await fetch(`${ready.eas}/Microsoft-Server-ActiveSync`, {
    method: 'OPTIONS',
    headers: { Authorization: `Basic ${Buffer.from(user).toString('base64')}` },
  })
  return response.status
}

const tenantsOf = async (data: string) => JSON.parse(await commandLine(data, ['--json', 'tenant', 'list']))

const unreachable = await outOfReach()

describe('what relais.service starts', { skip: unreachable }, () => {
  const [start = ''] = serviceValues(unit, 'ExecStart')
  const installed: Installed = {
    name: 'unit',
    command: start.replaceAll('/opt/relais', ROOT).split(/\s+/),
    environment: { PATH: '/usr/bin:/bin', ...unitEnvironment },
  }

  test('an unprivileged user’s process serves accounts that were made in it, again after a restart, and has no demo', async (t) => {
    const first = await startInstalled(t, installed)
    assert.equal((await tenantsOf(first.data)).length, 0)
    await commandLine(first.data, ['tenant', 'create', 'acme', 'acme.example'])
    await commandLine(first.data, ['account', 'create', 'anna@acme.example'], { input: 'correct horse\n' })
    assert.equal(await signIn(first, 'anna@acme.example:correct horse'), 200)
    assertOwnUser(first.server)
    assertPrivate(first.data)
    await first.server.stop()
    assertLogged(first)
    const second = await startInstalled(t, installed)
    assert.equal(await signIn(second, 'anna@acme.example:correct horse'), 200)
  })
})

const assertOwnUser = ({ pid }: ServerProcess): void => {
  if (process.platform !== 'linux' || unprivileged.uid === undefined) return
  const [, user] = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  assert.equal(user, String(NOBODY))
}

/** Nobody else reads what is in it. */
const assertPrivate = (data: string): void => {
  for (const name of ['running.json', 'keys', 'log', 'blobs'])
    assert.equal(statSync(join(data, name)).mode & 0o077, 0, name)
}

/** Lines of JSON for the journal, and no file in the data. */
const assertLogged = ({ data, log }: { data: string; log(): string }): void => {
  const lines = log()
    .split('\n')
    .filter((line) => line.startsWith('{'))
  assert.ok(lines.length > 0)
  for (const line of lines) assert.ok('time' in JSON.parse(line))
  assert.ok(!existsSync(join(data, 'log.jsonl')))
}

describe('what compose.yaml starts', { skip: unreachable }, () => {
  const { relais } = compose.services
  const installed: Installed = {
    name: 'compose',
    command: [process.execPath, join(ROOT, 'deploy/image/bin/start.ts'), ...relais.command],
    environment: Object.fromEntries(
      Object.entries(relais.environment).map(([name, value]) => [name, withDefaults(value)]),
    ),
  }
  const health = (ready: Ready): Promise<number> => {
    const [, , ...args] = relais.healthcheck.test
    const address = ready.eas.replace('http://', '')
    const child = run(
      process.execPath,
      args.map((word) => word.replace('127.0.0.1:8080', address)),
    )
    return child.then(
      () => 0,
      ({ code }: { code: number }) => code,
    )
  }

  test('its health check says yes while it serves, and no afterwards', async (t) => {
    const { ready, server } = await startInstalled(t, installed)
    assert.equal(await health(ready), 0)
    await server.stop()
    assert.equal(await health(ready), 1)
  })
})

describe('what systemd says of relais.service', async () => {
  const there = await run('systemd-analyze', ['--version']).then(
    () => false as const,
    () => 'systemd-analyze is not installed',
  )
  /** Its program and its user are this machine's. */
  const written = (): string => {
    const file = join(folder.path, 'relais.service')
    const text = UNIT_TEXT.replaceAll('/opt/relais', ROOT).replace(/^(User|Group)=.*$/gm, '$1=daemon')
    writeFileSync(file, text)
    return file
  }

  test('it has nothing against it', { skip: there }, async () => {
    const { stdout, stderr } = await run('systemd-analyze', ['verify', written()])
    assert.equal(`${stdout}${stderr}`.trim(), '')
  })

  test('it can do little: an exposure of at most 2 of 10', { skip: there }, async () => {
    await run('systemd-analyze', ['security', '--offline=true', '--threshold=20', written()])
  })
})
