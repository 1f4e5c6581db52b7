import assert from 'node:assert/strict'
import test, { after } from 'node:test'
import { InstallationDefinition } from '@relais/proto/standalone/v1/installation.ts'
import type { Implementation } from '@relais/service-kit'
import { forBothTransports } from './both-transports.ts'

const installation = (version: string): Implementation<typeof InstallationDefinition> => ({
  status: async () => ({ version }),
  async *backup() {
    yield { part: { $case: 'chunk', value: Uint8Array.of(1) } }
  },
})

const ran: string[] = []
let made = 0

forBothTransports(
  InstallationDefinition,
  async () => {
    made += 1
    return installation(`made ${made}`)
  },
  (transport) => {
    test('the client calls the implementation that was made for this transport', async () => {
      ran.push(transport.name)
      assert.equal((await transport.client.status({})).version, `made ${made}`)
    })

    test('a test may connect to an implementation of its own', async () => {
      const client = await transport.connect(installation('own'))
      assert.equal((await client.status({})).version, 'own')
    })

    test('a caller of a test is whoever it says', async () => {
      let tenant = ''
      const client = await transport.connect({
        ...installation('own'),
        status: async (_request, { identity }) => {
          tenant = identity.tenant
          return {}
        },
      })
      const actor = { kind: 'service', id: 'x', device: '' }
      await client.status({}, { identity: { tenant: 'acme', actor, principal: '' } })
      assert.equal(tenant, 'acme')
    })
  },
)

after(() => assert.deepEqual(ran, ['local', 'grpc']))
