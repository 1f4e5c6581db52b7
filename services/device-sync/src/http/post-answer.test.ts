import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { terminal } from '@relais/service-kit'
import { validateAgainstSchema } from '../../test/validate-against-schema.ts'
import { roots } from '../commands/roots.ts'
import { StatusError } from '../commands/status-error.ts'
import type { EasVersion } from '../wbxml/code-page.ts'
import { decodeWbxml } from '../wbxml/decode.ts'
import { StreamedContent } from '../wbxml/node.ts'
import { childrenOf, textOf } from '../wbxml/read.ts'
import type { HttpAnswer } from './http-answer.ts'
import type { Post } from './post.ts'
import { failedPost, successOf } from './post-answer.ts'
import { COMMAND_NAMES } from './protocol.ts'

const post = (command: string | undefined, version?: EasVersion): Post => ({ command, version }) as Post

const documentOf = ({ body }: HttpAnswer) => {
  assert.ok(body && !(body instanceof Uint8Array))
  const [segment] = body.segments
  assert.ok(segment && !(segment instanceof StreamedContent))
  const root = decodeWbxml(segment)
  validateAgainstSchema(root)
  return root
}

const error = new StatusError(113, 'full', 507)
const newest = { version: 161 } as const

describe('a failure', () => {
  for (const [command, { root, status }] of roots)
    test(`of ${command} is its root and Status from 14.0 on, and fits the schema`, () => {
      for (const version of [140, 141, 160, 161] as const) {
        const answer = failedPost(post(command, version), error)
        const document = documentOf(answer)
        assert.equal(answer.status, 200)
        assert.equal(answer.type, 'application/vnd.ms-sync.wbxml')
        assert.equal(document.tag, root)
        assert.deepEqual(
          childrenOf(document).map((node) => [node.tag, textOf(node)]),
          [[status, '113']],
        )
      }
    })
  for (const command of COMMAND_NAMES)
    test(`of ${command} is HTTP before 14.0`, () => {
      for (const version of [25, 120, 121] as const)
        assert.deepEqual(
          [failedPost(post(command, version), error).status, failedPost(post(command, version), error).body],
          [507, undefined],
        )
    })
  test('that is the command’s own is its root and Status in every version', () => {
    for (const version of [25, 120, 121, 140] as const) {
      const answer = failedPost(post('FolderSync', version), new StatusError(9, 'the key is unknown'))
      assert.equal(answer.status, 200)
      assert.deepEqual(
        childrenOf(documentOf(answer)).map((node) => textOf(node)),
        ['9'],
      )
    }
  })
  test('of a message that was sent before is success to clients who can’t be told (118)', () => {
    const sent = new StatusError(118, 'sent before')
    assert.deepEqual(
      [failedPost(post('SendMail', 121), sent).status, failedPost(post('SendMail', 121), sent).body],
      [200, undefined],
    )
    assert.deepEqual(
      childrenOf(documentOf(failedPost(post('SendMail', 140), sent))).map((node) => textOf(node)),
      ['118'],
    )
  })
  test('of a command whose answer can’t be a Status alone is HTTP in every version', () => {
    for (const command of ['MeetingResponse', 'GetAttachment', 'GetHierarchy', 'MoveCollection'])
      assert.equal(failedPost(post(command, 161), terminal('COMMAND_NOT_SUPPORTED', '')).status, 501)
  })
  test('before anything is known of the request is HTTP', () => {
    assert.equal(failedPost(post(undefined), terminal('MALFORMED_QUERY', '')).status, 400)
    assert.equal(failedPost(post('Sync', 161), terminal('BAD_CREDENTIALS', '')).status, 401)
    assert.equal(failedPost(post(undefined), error).status, 507)
  })
  test('of credentials brings a challenge, no other does', () => {
    const header = (one: unknown) => failedPost(post('Sync', 161), one).headers?.['WWW-Authenticate']
    assert.match(String(header(terminal('BAD_CREDENTIALS', ''))), /^Basic realm=/)
    assert.equal(header(error), undefined)
  })
})

describe('a success', () => {
  test('without a document has neither body nor type', () => {
    const answer = successOf({ kind: 'empty' }, newest)
    assert.deepEqual([answer.status, answer.body, answer.type], [200, undefined, undefined])
  })
  test('may bring headers of its own', () => {
    const root = { tag: 'ping:Ping', content: null } as const
    const answer = successOf({ kind: 'wbxml', root, headers: { 'X-MS-RP': 'x' } }, newest)
    assert.equal(answer.headers?.['X-MS-RP'], 'x')
    assert.equal(answer.headers?.['MS-Server-ActiveSync'], '16.1')
  })
  test('in parts says so', () => {
    const root = { tag: 'itemoperations:ItemOperations', content: null } as const
    const answer = successOf({ kind: 'multipart', root, parts: [] }, newest)
    assert.equal(answer.type, 'application/vnd.ms-sync.multipart')
  })
})
