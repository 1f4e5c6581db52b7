import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { inside, makeNamespace } from './namespaces.ts'
import { NETWORK, type Place } from './place.ts'
import { startProcess } from './processes.ts'
import type { Programs } from './programs.ts'
import { run } from './run.ts'

const BRIDGE = 'relais0'
const API_PORT = 6443
const READY_MS = 60_000
const LOOK_MS = 100

/** etcd, API server, controllers and scheduler in a network namespace of their own, with a bridge that nodes are plugged into. */
export const startControlPlane = async (place: Place, programs: Programs): Promise<void> => {
  await makeNetwork(place)
  const token = await makeKeys(place)
  const start = starter(place, programs)
  start('etcd', programs.etcd, ['--data-dir', place.at('etcd'), '--unsafe-no-fsync'])
  start('kube-apiserver', join(programs.kubernetes, 'kube-apiserver'), apiServerArguments(place))
  await untilThere(place.at('pki/api/apiserver.crt'))
  writeFileSync(place.kubeconfig, kubeconfig(place, token), { mode: 0o600 })
  await untilReady(place, programs)
  start('kube-controller-manager', join(programs.kubernetes, 'kube-controller-manager'), controllers(place))
  start('kube-scheduler', join(programs.kubernetes, 'kube-scheduler'), [
    ...[`--kubeconfig=${place.kubeconfig}`, '--leader-elect=false'],
  ])
}

/** Plugs a node's end of a cable into the bridge. */
export const plugIn = (place: Place, name: string): Promise<string> =>
  inside(place.namespace, 'ip', 'link', 'set', name, 'master', BRIDGE, 'up')

const makeNetwork = async ({ namespace }: Place): Promise<void> => {
  await makeNamespace(namespace)
  await inside(namespace, 'ip', 'link', 'add', BRIDGE, 'type', 'bridge')
  await inside(namespace, 'ip', 'address', 'add', `${NETWORK.controlPlane}/24`, 'dev', BRIDGE)
  await inside(namespace, 'ip', 'link', 'set', BRIDGE, 'up')
}

const starter = (place: Place, programs: Programs) => (name: string, program: string, args: string[]) =>
  startProcess({
    ...{ name, program, args, folder: place.folder, namespace: place.namespace },
    env: { ...process.env, PATH: `${programs.kubernetes}:${process.env.PATH}` },
  })

/** Keys for the tokens of service accounts, and for the proxy that stands before extension servers; answers with the administrator's token. */
const makeKeys = async (place: Place): Promise<string> => {
  mkdirSync(place.at('pki'), { recursive: true, mode: 0o700 })
  const file = (name: string) => place.at('pki', name)
  await run('openssl', ['genrsa', '-out', file('accounts.key'), '2048'])
  await run('openssl', ['rsa', '-in', file('accounts.key'), '-pubout', '-out', file('accounts.pub')])
  const certificate = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30']
  const authority = ['-keyout', file('front-ca.key'), '-out', file('front-ca.crt')]
  await run('openssl', [...certificate, ...authority, '-subj', '/CN=front-proxy-ca'])
  const signed = ['-CA', file('front-ca.crt'), '-CAkey', file('front-ca.key')]
  const client = ['-keyout', file('front.key'), '-out', file('front.crt'), ...signed]
  const usage = ['-addext', 'extendedKeyUsage=clientAuth', '-addext', 'basicConstraints=critical,CA:FALSE']
  await run('openssl', [...certificate, ...client, '-subj', '/CN=front-proxy-client', ...usage])
  const token = randomBytes(16).toString('hex')
  writeFileSync(file('tokens.csv'), `${token},admin,admin,"system:masters"\n`, { mode: 0o600 })
  return token
}

const apiServerArguments = (place: Place): string[] => [
  ...['--etcd-servers=http://127.0.0.1:2379', `--service-cluster-ip-range=${NETWORK.services}`],
  ...[`--token-auth-file=${place.at('pki/tokens.csv')}`, '--authorization-mode=RBAC'],
  `--service-account-key-file=${place.at('pki/accounts.pub')}`,
  `--service-account-signing-key-file=${place.at('pki/accounts.key')}`,
  '--service-account-issuer=https://kubernetes.default.svc',
  ...[`--cert-dir=${place.at('pki/api')}`, `--secure-port=${API_PORT}`],
  ...[`--advertise-address=${NETWORK.controlPlane}`, '--allow-privileged=true'],
  // Of logs and exec; and for extension servers.
  ...['--kubelet-preferred-address-types=InternalIP', '--enable-aggregator-routing=true'],
  `--requestheader-client-ca-file=${place.at('pki/front-ca.crt')}`,
  '--requestheader-allowed-names=front-proxy-client',
  '--requestheader-extra-headers-prefix=X-Remote-Extra-',
  ...['--requestheader-group-headers=X-Remote-Group', '--requestheader-username-headers=X-Remote-User'],
  `--proxy-client-cert-file=${place.at('pki/front.crt')}`,
  `--proxy-client-key-file=${place.at('pki/front.key')}`,
]

/** A dead node is noticed after ten seconds, not forty. */
const controllers = (place: Place): string[] => [
  ...[`--kubeconfig=${place.kubeconfig}`, '--leader-elect=false', '--use-service-account-credentials=true'],
  `--service-account-private-key-file=${place.at('pki/accounts.key')}`,
  ...[`--root-ca-file=${place.at('pki/api/apiserver.crt')}`, '--allocate-node-cidrs=false'],
  ...['--node-monitor-grace-period=10s', '--node-monitor-period=1s'],
  '--horizontal-pod-autoscaler-sync-period=2s',
]

const kubeconfig = (place: Place, token: string) =>
  JSON.stringify({
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'relais' },
    clusters: [
      {
        name: 'relais',
        cluster: {
          server: `https://${NETWORK.controlPlane}:${API_PORT}`,
          'certificate-authority': place.at('pki/api/apiserver.crt'),
        },
      },
    ],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'relais', context: { cluster: 'relais', user: 'admin' } }],
  })

const untilThere = async (file: string): Promise<void> => {
  const deadline = performance.now() + READY_MS
  while (!existsSync(file)) await again(deadline, `${file} isn't there`)
}

const untilReady = async (place: Place, programs: Programs): Promise<void> => {
  const deadline = performance.now() + READY_MS
  const kubectl = join(programs.kubernetes, 'kubectl')
  const ask = () =>
    inside(place.namespace, kubectl, `--kubeconfig=${place.kubeconfig}`, 'get', '--raw', '/readyz').then(
      () => undefined,
      (error: Error) => error.message,
    )
  for (let why = await ask(); why !== undefined; why = await ask()) await again(deadline, why)
}

const again = async (deadline: number, why: string): Promise<void> => {
  if (performance.now() > deadline) throw new Error(`the API server isn't ready: ${why}`)
  await pause(LOOK_MS)
}
