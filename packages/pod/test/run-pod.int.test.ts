import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { before, describe, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Authority, createAuthority, temporaryFolder, waitUntil } from '@relais/testing'
import { clientOf, STATUS, writeCertificate } from './test-pod.ts'

const program = fileURLToPath(new URL('lone-pod.fixture.ts', import.meta.url))

let authority: Authority
before(async () => {
  authority = await createAuthority('cluster')
})

type Ended = { readonly code: number | null; readonly out: string; readonly err: string }
type Started = { readonly child: ChildProcess; readonly ended: Promise<Ended>; readonly readyFile: string }

/** The program in a process of its own, on free ports, with settings in its environment. */
const start = async (
  context: TestContext,
  env: NodeJS.ProcessEnv = {},
  flags: string[] = [],
): Promise<Started> => {
  const folder = await temporaryFolder(context)
  const { certificate, key, ca } = await writeCertificate(folder, 'lone', { authority })
  const readyFile = join(folder, 'ready.json')
  const child = spawn(process.execPath, [program, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      ...{
        RELAIS_HOST: '127.0.0.1',
        RELAIS_GRPC_PORT: '0',
        RELAIS_HEALTH_PORT: '0',
        RELAIS_UNREADY_SECONDS: '0',
      },
      ...{
        RELAIS_TLS_CERTIFICATE: certificate,
        RELAIS_TLS_KEY: key,
        RELAIS_TLS_CA: ca,
        RELAIS_READY_FILE: readyFile,
      },
      ...env,
    },
  })
  context.after(() => child.kill('SIGKILL'))
  return { child, ended: endOf(child), readyFile }
}

const endOf = async (child: ChildProcess): Promise<Ended> => {
  const said = { out: '', err: '' }
  child.stdout?.on('data', (chunk: Buffer) => {
    said.out += chunk.toString()
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    said.err += chunk.toString()
  })
  await once(child, 'close')
  return { code: child.exitCode, ...said }
}

const ready = async ({ readyFile, child }: Started) => {
  await waitUntil(() => existsSync(readyFile) && readFileSync(readyFile, 'utf8').endsWith('}\n'), {
    within: 20_000,
  })
  const told = JSON.parse(readFileSync(readyFile, 'utf8'))
  assert.equal(told.pid, child.pid)
  return told
}

describe('a pod’s process', () => {
  test('says where it is when it is ready, for its owner alone, serves, and ends well at a signal', async (context) => {
    const started = await start(context)
    const { grpc, health } = await ready(started)
    assert.equal(statSync(started.readyFile).mode & 0o777, 0o600)
    assert.equal((await fetch(`${health}/readyz`)).status, 200)
    const client = await clientOf(context, grpc, { authority, service: 'lone' })
    assert.deepEqual(await client.status({}), STATUS)
    started.child.kill('SIGTERM')
    assert.equal((await started.ended).code, 0)
    assert.ok(!existsSync(started.readyFile))
  })

  test('ends well at a signal while it waits, having said once what for', async (context) => {
    const { child, ended, readyFile } = await start(context, { RELAIS_MOOD: 'waiting' })
    let out = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      out += chunk.toString()
    })
    await waitUntil(() => out.includes('waiting for it'), { within: 20_000 })
    assert.ok(!existsSync(readyFile))
    child.kill('SIGINT')
    const { code } = await ended
    assert.equal(code, 0)
    assert.equal(out.split('\n').filter((line) => line.includes('waiting for it')).length, 1)
  })

  test('ends with 1 and one line where waiting is of no use', async (context) => {
    const { ended } = await start(context, { RELAIS_MOOD: 'hopeless' })
    const { code, err } = await ended
    assert.deepEqual([code, err], [1, 'relais lone: the server is too old\n'])
  })

  const refusals: readonly (readonly [string, NodeJS.ProcessEnv, readonly string[], RegExp])[] = [
    ['a variable that it doesn’t know', { RELAIS_LOG_KIND: 'jetstream' }, [], /RELAIS_LOG_KIND/],
    ['a flag that it doesn’t know', {}, ['--no-such-flag'], /no-such-flag/],
    ['a bad value', { RELAIS_GRPC_PORT: '70000' }, [], /RELAIS_GRPC_PORT/],
    [
      'a certificate that isn’t there',
      { RELAIS_TLS_CERTIFICATE: '/nowhere/tls.crt' },
      [],
      /\/nowhere\/tls\.crt/,
    ],
    ['a port that can’t be had', { RELAIS_HOST: '192.0.2.1' }, [], /can't listen on 192\.0\.2\.1/],
  ]
  for (const [what, env, flags, pattern] of refusals)
    test(`refuses ${what} in one line`, async (context) => {
      const { ended } = await start(context, env, [...flags])
      const { code, err } = await ended
      assert.equal(code, 1)
      assert.match(err, pattern)
      assert.equal(err.trimEnd().split('\n').length, 1)
    })

  test('takes its settings from a file, and lists them with --help', async (context) => {
    const folder = await temporaryFolder(context)
    const file = join(folder, 'lone.json')
    writeFileSync(file, JSON.stringify({ mood: 'hopeless' }))
    const told = await start(context, {}, ['--config', file])
    assert.match((await told.ended).err, /too old/)
    const help = await start(context, {}, ['--help'])
    const { code, out } = await help.ended
    assert.equal(code, 0)
    for (const name of [
      '--grpc-port',
      '--health-port',
      '--tls-ca',
      '--grace-seconds',
      '--mood',
      'RELAIS_READY_FILE',
    ])
      assert.ok(out.includes(name), name)
  })
})
