// What docker compose makes of compose.yaml, as the guide says it.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { pinnedProgram } from '@relais/servers'
import { waitUntil } from '@relais/testing'
import { createTransport } from 'nodemailer'
import { Phone } from '../../../load-tests/phone/phone.ts'
import { withoutEngine } from '../../../packages/testcontainers/test/engine.ts'
import { COMPOSE_TEXT, compose } from './files.ts'

const run = promisify(execFile)

const RELAIS = 'localhost/relais:dev'
const DATA = '/var/lib/relais'
const [UID = 0] = compose.services.relais.user.split(':').map(Number)
const NODE = '/usr/bin/node'
const COMMAND_LINE = [NODE, '/relais/deploy/image/bin/start.ts', 'cli', '--data', '/data']
const START_MS = 60_000
const ANNA = 'anna@acme.example'
/** compose.yaml's own name may be somebody's installation at the same engine. */
const PROJECT = 'relais-composed-test'
const OPEN_FILES = 'nofile: 262144'
/** No more than this process may have itself: some systems let nobody go above that. */
const openFiles = (): string => {
  const [, most = ''] = /^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
  return `nofile: ${Math.min(262_144, Number(most))}`
}

/** What a process of it may do. */
const TRIES = `
  let wrote = true
  try { fs.writeFileSync('/relais/x', '') } catch { wrote = false }
  const [, caps] = /CapEff:\\s*(\\w+)/.exec(fs.readFileSync('/proc/1/status', 'utf8'))
  JSON.stringify({ wrote, uid: process.getuid(), caps })`

const deliver = async (): Promise<void> => {
  const mail = createTransport({ host: '127.0.0.1', port: 2424, lmtp: true, ignoreTLS: true })
  await mail.sendMail({ from: 'ben@elsewhere.example', to: ANNA, subject: 'Hello', text: 'Hello' })
  mail.close()
}

describe('docker compose', { skip: await withoutEngine(RELAIS) }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-composed-'))
  let program: string
  const docker = async (args: readonly string[], input = ''): Promise<string> => {
    const file = join(folder, 'compose.yaml')
    const running = run(program, ['--project-name', PROJECT, '--file', file, ...args], { timeout: START_MS })
    running.child.stdin?.end(input)
    return (await running).stdout
  }
  const inside = (command: readonly string[], input?: string) =>
    docker(['exec', '--no-TTY', 'relais', ...command], input)
  const administer = (command: readonly string[], input?: string) =>
    inside([...COMMAND_LINE, ...command], input)
  /** Compose's own --wait needs a newer engine than Debian has. */
  const start = async () => {
    await docker(['up', '--detach'])
    const isHealthy = async () => (await docker(['ps'])).includes('(healthy)')
    await waitUntil(isHealthy, { what: 'its health', within: START_MS }).catch(async (error: Error) => {
      throw new Error(`${error.message}: ${(await docker(['logs', '--tail', '5'])).trim()}`)
    })
  }

  before(async () => {
    program = await pinnedProgram('compose')
    const data = mkdtempSync(join(folder, 'data-'))
    chownSync(data, UID, UID)
    writeFileSync(
      join(folder, 'compose.yaml'),
      COMPOSE_TEXT.replaceAll(DATA, data).replace(OPEN_FILES, openFiles),
    )
  })
  after(async () => {
    await docker(['down', '--volumes'])
    rmSync(folder, { recursive: true })
  })

  const phone = () =>
    new Phone({
      address: { host: '127.0.0.1', port: 8080, secure: false },
      ...{ user: ANNA, password: 'correct horse', device: 'COMPOSED' },
    })

  test('starts it until its health check says that it is well', async () => {
    await start()
    assert.match(await administer(['status']), /\S/)
  })

  test('mail that comes by LMTP is pushed to a phone, and is there after a restart', async () => {
    await administer(['tenant', 'create', 'acme', 'acme.example'])
    await administer(['account', 'create', ANNA], 'correct horse\n')
    const first = phone()
    await first.folderSync()
    await first.prime('inbox')
    await first.syncAll('inbox')
    const waiting = first.ping(['inbox'], 600)
    await deliver()
    assert.equal(await waiting, '2')
    first.close()
    await docker(['down'])
    await start()
    const again = phone()
    await again.folderSync()
    await again.prime('inbox')
    assert.equal(await again.syncAll('inbox'), 1)
    again.close()
  })

  test('it writes nothing but its data and what is temporary, and may do nothing', async () => {
    const said = await inside([NODE, '-p', TRIES])
    assert.deepEqual(JSON.parse(said), { wrote: false, uid: UID, caps: '0000000000000000' })
  })
})
