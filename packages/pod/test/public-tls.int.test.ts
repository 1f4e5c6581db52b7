import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { describe, type TestContext } from 'node:test'
import { createAuthority, temporaryFolder, waitUntil } from '@relais/testing'
import { openPublicTls } from '../src/index.ts'
import { testPod } from './test-pod.ts'

const setUp = async (context: TestContext) => {
  const authority = await createAuthority('public')
  const { pod, lines } = await testPod(context, { authority })
  const folder = join(await temporaryFolder(context), 'tls')
  mkdirSync(folder)
  const files = { certificate: join(folder, 'site.crt'), key: join(folder, 'site.key') }
  const write = async () => {
    const made = await authority.issue('site')
    writeFileSync(files.key, made.key)
    writeFileSync(files.certificate, made.certificate)
    return made
  }
  return { pod, lines, files, write }
}

describe('the certificate that clients from outside see', () => {
  test('is none where none is set', async (context) => {
    const { pod } = await setUp(context)
    assert.equal(openPublicTls(pod, { publicTls: {} }), undefined)
  })

  test('is read at the start, and again when its files change', async (context) => {
    const { pod, files, write } = await setUp(context)
    const first = await write()
    const tls = openPublicTls(pod, { publicTls: files })
    assert.equal(tls?.certificate.cert, first.certificate)
    const taken: string[] = []
    tls?.onChange(({ cert }) => void taken.push(cert))
    const second = await write()
    await waitUntil(() => taken.length > 0)
    assert.equal(taken.at(-1), second.certificate)
  })

  test('that is broken later is complained about and not taken', async (context) => {
    const { pod, lines, files, write } = await setUp(context)
    await write()
    const taken: string[] = []
    openPublicTls(pod, { publicTls: files })?.onChange(({ cert }) => void taken.push(cert))
    writeFileSync(files.certificate, 'half a certific')
    await waitUntil(() => lines.some((line) => line.includes('not taken')))
    assert.deepEqual(taken, [])
  })

  test('without its key is refused, and so is a file that is not there', async (context) => {
    const { pod, files } = await setUp(context)
    const half = { publicTls: { certificate: files.certificate } }
    assert.throws(() => openPublicTls(pod, half), /given together/)
    assert.throws(() => openPublicTls(pod, { publicTls: files }), { code: 'TLS_FILE_UNREADABLE' })
  })
})
