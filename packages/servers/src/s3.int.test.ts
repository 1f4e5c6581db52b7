import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pinnedProgram } from './pinned-program.ts'
import { type S3Server, startS3 } from './s3.ts'

const skip = await pinnedProgram('versitygw').then(
  () => false,
  (error: Error) => error.message.split('\n')[0]!,
)

const startForTest = async (context: TestContext): Promise<S3Server> => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-servers-'))
  const server = await startS3({ folder })
  context.after(async () => {
    await server.kill()
    rmSync(folder, { recursive: true, force: true })
  })
  return server
}

/** What S3 answers to a stranger. */
const codeOf = async ({ endpoint, bucket }: S3Server, key: string): Promise<string> => {
  const answer = await fetch(`${endpoint}/${bucket}/${key}`, { signal: AbortSignal.timeout(5000) })
  return /<Code>(\w+)</.exec(await answer.text())?.[1] ?? String(answer.status)
}

test('a real S3 server runs over a folder, and lets no stranger in', { skip }, async (context) => {
  const server = await startForTest(context)
  assert.equal(server.running(), true)
  assert.ok(existsSync(server.bucketFolder))
  assert.equal(await codeOf(server, 'key'), 'AccessDenied')
})

test('it ends when it is stopped or killed, and goes on at the same place', { skip }, async (context) => {
  const server = await startForTest(context)
  writeFileSync(join(server.bucketFolder, 'kept'), 'content')
  for (const end of ['stop', 'kill'] as const) {
    await server[end]()
    assert.equal(server.running(), false)
    await assert.rejects(codeOf(server, 'key'))
    await server.start()
    assert.equal(await codeOf(server, 'key'), 'AccessDenied')
  }
  assert.ok(existsSync(join(server.bucketFolder, 'kept')))
})

test('a paused server answers when it goes on', { skip }, async (context) => {
  const server = await startForTest(context)
  server.pause()
  assert.equal(server.running(), true)
  const answer = codeOf(server, 'key')
  server.resume()
  assert.equal(await answer, 'AccessDenied')
})

test('two servers side by side know nothing of each other', { skip }, async (context) => {
  const [one, other] = [await startForTest(context), await startForTest(context)]
  assert.notEqual(one.endpoint, other.endpoint)
  assert.notEqual(one.bucketFolder, other.bucketFolder)
})
