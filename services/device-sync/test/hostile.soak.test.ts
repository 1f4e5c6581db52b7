import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { roots } from '../src/commands/roots.ts'
import { encodeWbxml } from '../src/wbxml/encode.ts'
import { el } from '../src/wbxml/node.ts'
import { arbitraryNode, mutated } from './arbitrary-wbxml.ts'
import { sharedTestService } from './test-service.ts'

const shared = sharedTestService({ config: { maxRequestBytes: 256 * 1024, maxMessageBytes: 256 * 1024 } })

const commands = [
  'FolderSync',
  'ItemOperations',
  'Provision',
  'Settings',
  'SendMail',
  'SmartReply',
  'SmartForward',
]

const request = fc.constantFrom(...commands).chain((name) =>
  fc.record({
    name: fc.constant(name),
    bytes: fc.oneof(
      fc
        .array(arbitraryNode, { maxLength: 6 })
        .map((children) => encodeWbxml(el(roots.get(name)!.root, children))),
      mutated(arbitraryNode),
      fc.uint8Array({ minLength: 1, maxLength: 500 }),
    ),
  }),
)

const AT_ONCE = 10
const PARTS = 10
const ROUNDS = 500

/** Other requests each time; each part says its seed. */
const start = Math.floor(Math.random() * 2 ** 30)

for (let part = 0; part < PARTS; part += 1) {
  const seed = start + part
  test(`${ROUNDS * AT_ONCE} requests of wild clients, ${AT_ONCE} at a time: each is answered within the schema (${part + 1} of ${PARTS}, seed ${seed})`, async () => {
    const phone = shared().phone()
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: AT_ONCE, maxLength: AT_ONCE }), async (requests) => {
        const answers = await Promise.all(requests.map(({ name, bytes }) => phone.post(name, bytes)))
        assert.ok(answers.every(({ status }) => status === 200))
      }),
      { seed, numRuns: ROUNDS },
    )
    assert.deepEqual(
      shared().logged.filter((line) => line.includes('a request failed')),
      [],
    )
  })
}
