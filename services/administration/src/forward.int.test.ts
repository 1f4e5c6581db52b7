import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  InstallationDefinition,
  type InstallationServiceImplementation,
} from '@relais/proto/standalone/v1/installation.ts'
import { type Call, createLocalClient, terminal } from '@relais/service-kit'
import { forBothTransports } from '@relais/testing'
import { forward } from './forward.ts'

const STATUS = { version: '1', startedAt: 5, head: 7, heldRequests: 2, services: [] }
const identity = { tenant: 'acme', actor: { kind: 'operator', id: 'a', device: '' }, principal: '' }
const seen: Call[] = []

const behind: InstallationServiceImplementation<Call> = {
  status: async (_request, context) => {
    seen.push(context)
    if (context.identity.tenant === 'refused') throw terminal('PERMISSION_DENIED', 'not you')
    return STATUS
  },
  async *backup(_request, context) {
    for (const path of ['one', 'two']) yield { part: { $case: 'file' as const, value: { path, size: 1 } } }
    if (context.identity.tenant === 'broken') throw terminal('BLOB_DAMAGED', 'half of it')
  },
}

forBothTransports(
  InstallationDefinition,
  () => forward(InstallationDefinition, createLocalClient(InstallationDefinition, behind)),
  (transport) => {
    describe('a call that is made at another service', () => {
      test('comes back with its answer, and keeps identity, deadline and correlation', async () => {
        const before = Date.now()
        const answer = await transport.client.status({}, { identity, timeoutMs: 5_000, correlation: 'c-1' })
        assert.deepEqual(answer, STATUS)
        const call = seen.at(-1)
        assert.deepEqual([call?.identity, call?.correlation], [identity, 'c-1'])
        assert.ok((call?.deadline ?? 0) <= before + 6_000)
      })

      test('is refused with the same code', async () => {
        await assert.rejects(transport.client.status({}, { identity: { ...identity, tenant: 'refused' } }), {
          code: 'PERMISSION_DENIED',
          retryable: false,
        })
      })

      test('streams its answers, and the error in which they end', async () => {
        const paths: string[] = []
        const read = async (tenant: string) => {
          for await (const { part } of transport.client.backup({}, { identity: { ...identity, tenant } }))
            if (part?.$case === 'file') paths.push(part.value.path)
        }
        await read('acme')
        assert.deepEqual(paths.splice(0), ['one', 'two'])
        await assert.rejects(read('broken'), { code: 'BLOB_DAMAGED' })
        assert.deepEqual(paths, ['one', 'two'])
      })
    })
  },
)
