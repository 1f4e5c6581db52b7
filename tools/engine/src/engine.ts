import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { relaisImage, serverImages } from '@relais/kubernetes/images.ts'
import { run, succeeds } from '@relais/kubernetes/run.ts'
import { type ServerProcess, startServer } from '@relais/servers'
import { exitCodeOf } from './namespaces.ts'

/** In namespaces that nobody else is in. Answers with the program's exit code. */
export const runWithEngine = async ([program = '', ...args]: readonly string[]): Promise<number> => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-engine-'))
  try {
    const host = `unix://${folder}/docker.sock`
    const engine = await startEngine(folder, host)
    try {
      const env = { ...process.env, DOCKER_HOST: host, ...(await loadImages(host)) }
      // Nothing is left over that a container of testcontainers' own had to remove.
      const child = spawn(program, args, {
        stdio: 'inherit',
        env: { ...env, TESTCONTAINERS_RYUK_DISABLED: 'true' },
      })
      return await exitCodeOf(child)
    } finally {
      await engine.stop()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const startEngine = async (folder: string, host: string): Promise<ServerProcess> => {
  await run('ip', ['link', 'set', 'lo', 'up'])
  return startServer({
    name: 'dockerd',
    program: 'dockerd',
    args: [
      ...['--host', host, '--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')],
      ...['--pidfile', join(folder, 'pid'), '--exec-opt', 'native.cgroupdriver=cgroupfs'],
    ],
    logFile: join(folder, 'dockerd.log'),
    ready: () => succeeds('docker', ['--host', host, 'version']),
  })
}

/** Names of the images, by the variables that tests look for. */
const loadImages = async (host: string): Promise<NodeJS.ProcessEnv> => {
  const { nats, postgres } = await serverImages()
  for (const { file } of [await relaisImage('dev'), nats, postgres])
    await run('docker', ['--host', host, 'load', '--input', file])
  return { TEST_NATS_IMAGE: nats.name, TEST_POSTGRES_IMAGE: postgres.name }
}
