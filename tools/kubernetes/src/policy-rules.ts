/** What is read of Kubernetes' objects to enforce policies. */
export type Labels = Readonly<Record<string, string>>
export type Selector = {
  readonly matchLabels?: Labels
  readonly matchExpressions?: readonly {
    readonly key: string
    readonly operator: string
    readonly values?: readonly string[]
  }[]
}
export type PolicyPeer = {
  readonly podSelector?: Selector
  readonly namespaceSelector?: Selector
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] }
}
export type PolicyPort = {
  readonly protocol?: string
  readonly port?: number | string
  readonly endPort?: number
}
export type PolicyRule = {
  readonly ports?: readonly PolicyPort[]
  readonly from?: readonly PolicyPeer[]
  readonly to?: readonly PolicyPeer[]
}
export type Policy = {
  readonly metadata: { readonly name: string; readonly namespace: string }
  readonly spec: {
    readonly podSelector: Selector
    readonly policyTypes?: readonly string[]
    readonly ingress?: readonly PolicyRule[]
    readonly egress?: readonly PolicyRule[]
  }
}
export type Pod = {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly labels?: Labels }
  readonly spec: {
    readonly hostNetwork?: boolean
    readonly containers: readonly {
      readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[]
    }[]
  }
  readonly status: { readonly podIP?: string; readonly phase?: string }
}
export type Namespace = { readonly metadata: { readonly name: string; readonly labels?: Labels } }
export type World = {
  readonly policies: readonly Policy[]
  readonly pods: readonly Pod[]
  readonly namespaces: readonly Namespace[]
}

/** A selector without conditions matches everything. */
export const matches = (
  { matchLabels = {}, matchExpressions = [] }: Selector,
  labels: Labels = {},
): boolean =>
  Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
  matchExpressions.every(({ key, operator, values = [] }) => {
    const label = labels[key]
    if (operator === 'Exists') return label !== undefined
    if (operator === 'DoesNotExist') return label === undefined
    const among = label !== undefined && values.includes(label)
    return operator === 'In' ? among : !among
  })

type Direction = 'ingress' | 'egress'
const SIDES = {
  ingress: { own: 'daddr', other: 'saddr', peers: 'from' },
  egress: { own: 'saddr', other: 'daddr', peers: 'to' },
} as const

/** Who is shut in or out in this direction, and what is let through all the same, as expressions of nftables. */
export type Rules = { readonly isolated: readonly string[]; readonly allowed: readonly string[] }

/** The meaning of all policies in one direction ("NetworkPolicy" of networking.k8s.io/v1): one that selects a pod shuts it, each of its rules opens it. */
export const rulesOf = (world: World, direction: Direction): Rules => {
  const pods = world.pods.filter(hasAddress)
  const isolated = new Set<string>()
  const allowed: string[] = []
  for (const policy of world.policies.filter((one) => speaksOf(one, direction))) {
    const own = pods.filter((pod) => selects(policy, pod))
    if (own.length === 0) continue
    for (const { status } of own) isolated.add(status.podIP ?? '')
    for (const rule of policy.spec[direction] ?? [])
      allowed.push(...expressions({ ...world, pods }, { policy, rule, own, direction }))
  }
  return { isolated: [...isolated].sort(), allowed }
}

const hasAddress = ({ spec, status }: Pod): boolean =>
  status.podIP !== undefined && !spec.hostNetwork && !['Succeeded', 'Failed'].includes(status.phase ?? '')

const speaksOf = ({ spec }: Policy, direction: Direction): boolean => {
  const types = spec.policyTypes ?? ['Ingress', ...(spec.egress === undefined ? [] : ['Egress'])]
  return types.includes(direction === 'ingress' ? 'Ingress' : 'Egress')
}

const selects = ({ metadata, spec }: Policy, pod: Pod): boolean =>
  pod.metadata.namespace === metadata.namespace && matches(spec.podSelector, pod.metadata.labels)

type Ruling = {
  readonly policy: Policy
  readonly rule: PolicyRule
  readonly own: readonly Pod[]
  readonly direction: Direction
}

const expressions = (world: World, ruling: Ruling): string[] => {
  const { policy, rule, own, direction } = ruling
  const side = SIDES[direction]
  const given = rule[side.peers] ?? []
  const others = world.pods.filter((pod) => given.some((peer) => isPeer(world, policy, { peer, pod })))
  const peers = given.length === 0 ? [''] : peerExpressions(side.other, given, others)
  const holders = direction === 'ingress' ? own : given.length === 0 ? world.pods : others
  const ports = rule.ports?.length ? rule.ports.flatMap((port) => portExpressions(port, holders)) : ['']
  const { namespace, name } = policy.metadata
  return peers.flatMap((peer) =>
    ports.map((port) =>
      [`ip ${side.own} ${setOf(own)}`, peer, port, `return comment "${namespace}/${name}"`]
        .filter((part) => part !== '')
        .join(' '),
    ),
  )
}

const isPeer = (
  { namespaces }: World,
  { metadata }: Policy,
  { peer, pod }: { readonly peer: PolicyPeer; readonly pod: Pod },
): boolean => {
  if (peer.ipBlock !== undefined) return false
  const where = namespaces.find((one) => one.metadata.name === pod.metadata.namespace)
  const isThere =
    peer.namespaceSelector === undefined
      ? pod.metadata.namespace === metadata.namespace
      : where !== undefined && matches(peer.namespaceSelector, where.metadata.labels)
  return isThere && matches(peer.podSelector ?? {}, pod.metadata.labels)
}

const peerExpressions = (other: string, given: readonly PolicyPeer[], pods: readonly Pod[]): string[] => [
  ...given.flatMap(({ ipBlock }) => {
    if (ipBlock === undefined) return []
    const except = ipBlock.except?.length ? ` ip ${other} != { ${ipBlock.except.join(', ')} }` : ''
    return [`ip ${other} ${ipBlock.cidr}${except}`]
  }),
  ...(pods.length === 0 ? [] : [`ip ${other} ${setOf(pods)}`]),
]

/** A named port is looked up with the pods that receive. */
const portExpressions = (
  { protocol = 'TCP', port, endPort }: PolicyPort,
  holders: readonly Pod[],
): string[] => {
  const name = protocol.toLowerCase()
  if (port === undefined) return [`meta l4proto ${name}`]
  if (typeof port === 'number') return [`${name} dport ${port}${endPort === undefined ? '' : `-${endPort}`}`]
  const named = holders.flatMap(({ spec }) =>
    spec.containers.flatMap(({ ports = [] }) => ports.filter((one) => one.name === port)),
  )
  return [...new Set(named.map(({ containerPort }) => containerPort))].map((one) => `${name} dport ${one}`)
}

const setOf = (pods: readonly Pod[]): string =>
  `{ ${[...new Set(pods.map(({ status }) => status.podIP))].sort().join(', ')} }`

const TABLE = 'relais_policies'

/** The same table for every node: what passes a node from one pod to another is judged by both. What comes from the node itself (probes) isn't. */
export const policyTable = (world: World): string => {
  const [ingress, egress] = [rulesOf(world, 'ingress'), rulesOf(world, 'egress')]
  const set = (name: string, { isolated }: Rules) =>
    `  set ${name} { type ipv4_addr; ${isolated.length === 0 ? '' : `elements = { ${isolated.join(', ')} }`}\n  }`
  const chain = (name: string, { allowed }: Rules) =>
    `  chain ${name} {\n${[...allowed, 'counter drop'].map((one) => `    ${one}\n`).join('')}  }`
  return `table inet ${TABLE}
delete table inet ${TABLE}
table inet ${TABLE} {
${set('shut_in', ingress)}
${set('shut_out', egress)}
${chain('to_pods', ingress)}
${chain('from_pods', egress)}
  chain passing {
    type filter hook forward priority -10; policy accept;
    ct state established,related accept
    ip saddr @shut_out jump from_pods
    ip daddr @shut_in jump to_pods
  }
}
`
}
