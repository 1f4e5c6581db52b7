import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { type Order, PATIENCE, renderText, whyNoHelm } from './helm.ts'

let missing: string | undefined
before(async () => {
  missing = await whyNoHelm()
}, PATIENCE)

const refused = (name: string, order: Order, words: RegExp) =>
  test(name, async (context) => {
    if (missing !== undefined) return context.skip(missing)
    await assert.rejects(renderText(order), words)
  })

const local = (values: Order['values']): Order => ({ example: 'local', values })

refused('a key that nobody knows is refused by its name', local({ replicaCout: 3 }), /replicaCout/)
refused('so is one inside a section', local({ deviceSync: { replica: 3 } }), /replica' not allowed/)
refused(
  'a second pod of mail is refused: one works at a time',
  local({ mail: { replicas: 2 } }),
  /mail\/replicas/,
)
refused('a kind of log that there is not is refused', local({ log: { kind: 'kafka' } }), /log\/kind/)
refused('a text where a number belongs is refused', local({ rows: { port: '5432' } }), /rows\/port/)
refused('the tag latest is refused', local({ image: { tag: 'latest', digest: '' } }), /latest is no version/)
refused(
  'fewer pods at most than at least are refused',
  local({ deviceSync: { autoscaling: { kind: 'hpa', minReplicas: 5, maxReplicas: 2 } } }),
  /minReplicas is more than maxReplicas/,
)
refused(
  'a template that is merged over an object with a wrong shape is refused',
  local({ merge: [] }),
  /merge/,
)

for (const [missingValue, values] of [
  ['secrets.credentialKey.name', { secrets: { credentialKey: { name: '' } } }],
  ['secrets.adminToken.name', { secrets: { adminToken: { name: '' } } }],
  ['rows.urlSecret.name', { rows: { urlSecret: { name: '' } } }],
  ['log.url', { log: { url: '' } }],
  ['tls.public.secret', { tls: { public: { secret: '' } } }],
  ['blobs.claim', { blobs: { claim: '' } }],
  ['blobs.accessKeySecret.name', { blobs: { kind: 's3' } }],
  ['gateway.parentRefs', { gateway: { enabled: true } }],
] as const)
  refused(
    `no password or address is invented: without ${missingValue} nothing is installed`,
    local(values),
    new RegExp(missingValue.replaceAll('.', '\\.')),
  )
