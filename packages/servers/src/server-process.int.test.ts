import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { freePorts } from './free-ports.ts'
import { startServer } from './server-process.ts'

const LISTENING = `require('node:net').createServer((s) => s.end('hello')).listen(Number(process.argv[1]), '127.0.0.1')`

const folderOf = (context: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-servers-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('data', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('data', () => socket.destroy())
  })

const startListening = async (context: TestContext, script = LISTENING) => {
  const [port = 0] = await freePorts(1)
  const server = await startServer({
    name: 'greeter',
    program: process.execPath,
    args: ['-e', script, String(port)],
    logFile: join(folderOf(context), 'log'),
    ready: () => answers(port),
  })
  context.after(() => server.kill())
  return { server, port }
}

test('a server is there when it is said to be started, and gone when it is stopped', async (context) => {
  const { server, port } = await startListening(context)
  assert.equal(await answers(port), true)
  await server.stop()
  assert.equal(server.running(), false)
  assert.equal(await answers(port), false)
})

test('a server that was killed does not run, and killing it again does nothing', async (context) => {
  const { server } = await startListening(context)
  await server.kill()
  await server.kill()
  assert.equal(server.running(), false)
})

test('a paused server runs but answers nothing until it goes on', async (context) => {
  const { server, port } = await startListening(context)
  server.pause()
  let answered = false
  const answer = answers(port).then((is) => {
    answered = is
  })
  assert.equal(server.running(), true)
  assert.equal(answered, false)
  server.resume()
  await answer
  assert.equal(answered, true)
})

test('a server that ends before it is ready is an error that names it and tells what it said', async (context) => {
  await assert.rejects(
    startListening(context, `console.error('no such setting'); process.exit(3)`),
    /greeter ended before it was ready: no such setting/,
  )
})

test('a program that is not there is an error that names it', async (context) => {
  await assert.rejects(
    startServer({
      name: 'nobody',
      program: '/no/such/program',
      args: [],
      logFile: join(folderOf(context), 'log'),
      ready: async () => true,
    }),
    /nobody ended before it was ready: .*ENOENT/,
  )
})

test('free ports differ from each other, and from those that were given before and aren’t used yet', async () => {
  const rounds = await Promise.all(Array.from({ length: 20 }, () => freePorts(20)))
  assert.equal(new Set(rounds.flat()).size, 400)
})
