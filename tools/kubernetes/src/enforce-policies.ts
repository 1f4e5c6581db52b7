// node tools/kubernetes/src/enforce-policies.ts FOLDER: enforces NetworkPolicies on all nodes of the cluster in that folder.
// No engine can be had as a Go module; this one shows that policies say the right thing, not that a given engine reads them so.
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { setTimeout as pause } from 'node:timers/promises'
import { Place } from './place.ts'
import { type Namespace, type Pod, type Policy, policyTable } from './policy-rules.ts'
import { run } from './run.ts'

const LOOK_MS = 250

type Access = { readonly server: string; readonly token: string; readonly agent: Agent }

const accessOf = (place: Place): Access => {
  const file = JSON.parse(readFileSync(place.kubeconfig, 'utf8'))
  const { cluster } = file.clusters[0]
  const ca = readFileSync(cluster['certificate-authority'])
  return {
    server: cluster.server,
    token: file.users[0].user.token,
    agent: new Agent({ keepAlive: true, ca }),
  }
}

const list = <T>({ server, token, agent }: Access, path: string): Promise<readonly T[]> =>
  new Promise((resolve, reject) => {
    const asked = request(`${server}${path}`, { agent, headers: { Authorization: `Bearer ${token}` } })
    asked.once('error', reject)
    asked.once('response', (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        body += part
      })
      response.once('end', () =>
        response.statusCode === 200
          ? resolve(JSON.parse(body).items)
          : reject(new Error(`${path}: ${response.statusCode}`)),
      )
    })
    asked.end()
  })

const tableNow = async (access: Access): Promise<string> => {
  const [policies, pods, namespaces] = await Promise.all([
    list<Policy>(access, '/apis/networking.k8s.io/v1/networkpolicies'),
    list<Pod>(access, '/api/v1/pods'),
    list<Namespace>(access, '/api/v1/namespaces'),
  ])
  return policyTable({ policies, pods, namespaces })
}

const place = new Place(process.argv[2] ?? '')
const access = accessOf(place)
const loaded = new Map<number, string>()

const enforce = async (table: string) => {
  for (const node of place.nodes()) {
    if (loaded.get(node) === table) continue
    await run('nsenter', [`--net=${place.namespaceOf(node)}`, 'nft', '-f', '-'], { input: table })
    loaded.set(node, table)
  }
}

for (;;) {
  await tableNow(access)
    .then(enforce)
    .catch((error: Error) => process.stderr.write(`${error.message}\n`))
  await pause(LOOK_MS)
}
