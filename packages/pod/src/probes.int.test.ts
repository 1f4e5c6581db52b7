import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createProbeServer, type Probed } from './probes.ts'

/** A pod whose rows aren't there yet. */
const BUILDING: Probed = {
  health: () => ({ live: true, ready: false, components: [] }),
  started: () => false,
  draining: () => false,
}

test('figures are beside the probes, from the first moment on', async (context) => {
  const exposition = { contentType: 'text/plain', text: async () => '# EOF\n' }
  const server = createProbeServer(BUILDING, exposition)
  context.after(() => server.close())
  const { port } = await server.listen('127.0.0.1', 0)
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`)
  assert.deepEqual([answer.status, await answer.text()], [200, '# EOF\n'])
  assert.equal((await fetch(`http://127.0.0.1:${port}/startupz`)).status, 503)
})
