import { z } from 'zod'

/** An object that knows only these keys; left out it has their defaults. */
const section = <Shape extends z.ZodRawShape>(description: string, shape: Shape) =>
  z
    .strictObject(shape)
    .prefault({} as never)
    .describe(description)

const text = (description: string, fallback = '') => z.string().default(fallback).describe(description)
const flag = (description: string, fallback = false) => z.boolean().default(fallback).describe(description)
const count = (description: string, fallback: number, { min = 0, max = 1_000_000 } = {}) =>
  z.int().min(min).max(max).default(fallback).describe(description)
const texts = (description: string, fallback: readonly string[] = []) =>
  z
    .array(z.string())
    .default([...fallback])
    .describe(description)
/** What Kubernetes itself checks. */
const asIs = (description: string, fallback: Record<string, unknown> = {}) =>
  z.record(z.string(), z.unknown()).default(fallback).describe(description)
const listAsIs = (description: string, fallback: readonly Record<string, unknown>[] = []) =>
  z
    .array(z.record(z.string(), z.unknown()))
    .default([...fallback])
    .describe(description)

/** A key of a Secret that is already there. */
const secretKey = (description: string, key: string) =>
  section(description, {
    name: text('Of the Secret.'),
    key: text('In the Secret.', key),
  })

const resources = (cpu: string, memory: string, limit: string) =>
  section('What a pod asks for and may take; the heap fits the memory limit by itself.', {
    requests: asIs('As Kubernetes has them.', { cpu, memory }),
    limits: asIs(
      'As Kubernetes has them; without a memory limit the heap is a part of the machine’s memory.',
      { memory: limit },
    ),
  })

const service = (
  name: string,
  {
    replicas,
    max,
    memory,
  }: { readonly replicas: number; readonly max: number; readonly memory: readonly [string, string] },
) => ({
  replicas: count(
    max === 1
      ? 'One works at a time: another one would wait, not ready, for it to go.'
      : 'Pods, where nothing scales them.',
    replicas,
    { min: 1, max },
  ),
  resources: resources('100m', ...memory),
  graceSeconds: count('Time for answering requests that wait, and ending work, before it stops.', 20, {
    min: 1,
    max: 600,
  }),
  podAnnotations: asIs(`Of ${name}’s pods.`),
  podLabels: asIs(`Of ${name}’s pods.`),
  nodeSelector: asIs('As Kubernetes has it.'),
  tolerations: listAsIs('As Kubernetes has them.'),
  affinity: asIs('As Kubernetes has it.'),
  priorityClassName: text('As Kubernetes has it.'),
  extraEnv: listAsIs('Further environment of its container: settings that have no value here.'),
})

/** Of services that keep nothing of their own between two calls. */
const autoscaling = section('A second pod when one has much to do; it is two at most.', {
  enabled: flag('Make a HorizontalPodAutoscaler; `replicas` is then the least.'),
  cpuPercent: count('Of what a pod asks for.', 70, { min: 1, max: 1000 }),
})

const peers = (description: string) => listAsIs(`${description} (NetworkPolicyPeer); empty: anywhere.`)

/** Everything that an installation of the chart may say: the source of its schema, its defaults and its reference page. */
export const values = z.strictObject({
  nameOverride: text('In place of the release’s name in what objects are called.'),
  global: z
    .looseObject({
      imageRegistry: text('Before every image’s repository, with a slash between.'),
      imagePullSecrets: texts('Names of Secrets to pull images with.'),
    })
    .prefault({})
    .describe('Shared with the charts above this one, which may say more.'),
  image: section('The image of every service.', {
    repository: text('Without its registry where global.imageRegistry is set.', 'localhost/relais'),
    tag: text('Default: the chart’s appVersion. “latest” is refused.'),
    digest: text('sha256:…: goes before the tag, and is what an installation should name.'),
    pullPolicy: z
      .enum(['IfNotPresent', 'Always', 'Never'])
      .default('IfNotPresent')
      .describe('As Kubernetes has it.'),
  }),
  commonLabels: asIs('On every object.'),
  commonAnnotations: asIs('On every object.'),
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error'])
    .default('info')
    .describe('What goes into the log, which is JSON on standard output.'),
  telemetry: section('Traces.', {
    endpoint: text('Collector that takes traces by OTLP over HTTP; empty: no traces.'),
    sampleRatio: z
      .number()
      .min(0)
      .max(1)
      .default(0.01)
      .describe('Part of the requests whose traces are recorded.'),
    port: count('Of the endpoint, for the network policy.', 4318, { min: 1, max: 65_535 }),
  }),
  log: section('The event log, which is yours.', {
    kind: z.enum(['jetstream', 'postgres']).default('jetstream').describe('What keeps it.'),
    url: text('nats://HOST:PORT, several with commas between.'),
    urlSecret: secretKey('Where the address has a password (postgres://USER:PASSWORD@HOST/DATABASE).', 'url'),
    port: count('Of its servers, for the network policy.', 4222, { min: 1, max: 65_535 }),
    stream: text(
      'The placement unit: JetStream’s stream, or part of the name of PostgreSQL’s schema.',
      'relais',
    ),
    replicas: count('Copies that JetStream keeps of each commit.', 3, { min: 1, max: 5 }),
    credentialsSecret: secretKey('Credentials file of NATS.', 'relais.creds'),
    caSecret: secretKey(
      'Certificates of whom its servers’ certificates come from; with it only TLS is spoken.',
      'ca.crt',
    ),
    monitoring: texts('URLs of the NATS servers’ monitoring, each server’s.'),
    monitoringPort: count('Of NATS’ monitoring, for the network policy.', 8222, { min: 1, max: 65_535 }),
    allowUnsynced: flag('Take servers that may lose acknowledged commits with the power.'),
  }),
  rows: section('PostgreSQL that keeps the rows, which is yours.', {
    urlSecret: secretKey('postgres://USER:PASSWORD@HOST/DATABASE.', 'url'),
    port: count('Of the server, for the network policy.', 5432, { min: 1, max: 65_535 }),
    caSecret: secretKey(
      'Certificates of whom its certificate comes from; with it only TLS is spoken.',
      'ca.crt',
    ),
  }),
  blobs: section(
    'Where messages and attachments are kept: an S3 server, or a volume that all services share.',
    {
      kind: z.enum(['s3', 'file']).default('s3').describe('S3, or a folder.'),
      endpoint: text('URL of the S3 server.'),
      port: count('Of the S3 server, for the network policy.', 443, { min: 1, max: 65_535 }),
      bucket: text('Its bucket, which must be there.', 'relais'),
      region: text('Its region.', 'us-east-1'),
      accessKeySecret: secretKey('Its access key.', 'accessKey'),
      secretKeySecret: secretKey('Its secret key.', 'secretKey'),
      caSecret: secretKey('Certificates of whom its certificate comes from.', 'ca.crt'),
      claim: text(
        'For the kind “file”: a PersistentVolumeClaim that pods on all nodes may write (ReadWriteMany, or one node).',
      ),
    },
  ),
  secrets: section('Secrets that are already there. None has a default.', {
    credentialKey: secretKey(
      'At least 32 random characters: remembered credentials are worthless without them.',
      'key',
    ),
    adminToken: secretKey('At least 32 random characters that administrators show.', 'token'),
    smarthost: secretKey(
      'URL of the server by which mail leaves, e.g. smtp://user:password@mail.example:587; without it no mail leaves.',
      'url',
    ),
  }),
  tls: section(
    'Certificates: given Secrets (tls.crt, tls.key, ca.crt) or cert-manager. They are read again when they change, without a restart.',
    {
      certManager: section('Have cert-manager make the services’ certificates.', {
        enabled: flag('Needs cert-manager’s CRDs.'),
        issuer: section('An issuer of your own authority for the services alone; it must allow URIs.', {
          name: text('Empty: a self-signed authority of this release is made.'),
          kind: text('Issuer or ClusterIssuer.', 'Issuer'),
          group: text('Of its API.', 'cert-manager.io'),
        }),
        duration: text('How long a certificate is valid.', '2160h'),
        renewBefore: text('How long before its end it is replaced.', '720h'),
      }),
      secretPrefix: text(
        'Given Secrets are PREFIX-SERVICE (PREFIX-mail …); default: the release’s name and “tls”.',
      ),
      public: section(
        'The certificate that clients from outside see: at the mail ports and for administrators.',
        {
          secret: text(
            'Secret with tls.crt and tls.key; empty: no STARTTLS, and administration without TLS is refused.',
          ),
        },
      ),
    },
  ),
  deviceSync: section('Phones over Exchange ActiveSync.', {
    ...service('device-sync', { replicas: 2, max: 500, memory: ['256Mi', '512Mi'] }),
    publicUrl: text('https://HOST by which phones reach it; default: what they ask for.'),
    trustedProxies: texts('Addresses or networks of gateways whose X-Forwarded-For is believed.'),
    tls: flag('Speak TLS to the gateway too, with tls.public’s certificate.'),
    incarnation: count('Another number after the log was restored from a copy.', 0, { max: 16_777_215 }),
    autoscaling: section('As many pods as phones need.', {
      kind: z
        .enum(['none', 'hpa', 'keda'])
        .default('hpa')
        .describe('By CPU (HorizontalPodAutoscaler), or by CPU and held requests (KEDA’s ScaledObject).'),
      minReplicas: count('At least.', 2, { min: 1, max: 500 }),
      maxReplicas: count('At most.', 10, { min: 1, max: 500 }),
      cpuPercent: count('Of what a pod asks for.', 70, { min: 1, max: 1000 }),
      heldRequests: count('Phones that wait at one pod (KEDA).', 5000, { min: 1 }),
      scaleDownSeconds: count(
        'Between two pods that go away, so that phones find another place in peace.',
        300,
        { min: 15, max: 1800 },
      ),
    }),
  }),
  directory: section('Tenants, domains, accounts and sign-in.', {
    ...service('directory', { replicas: 1, max: 2, memory: ['128Mi', '384Mi'] }),
    autoscaling,
  }),
  mail: section(
    'Mailboxes and messages.',
    service('mail', { replicas: 1, max: 1, memory: ['256Mi', '1Gi'] }),
  ),
  mailTransport: section('LMTP, SMTP and submission in, the queue out.', {
    ...service('mail-transport', { replicas: 1, max: 1, memory: ['192Mi', '512Mi'] }),
    serverName: text('Its name in mail and in TLS: what the MX record says.'),
    spoolSize: text('Room for messages that are on their way to several tenants.', '1Gi'),
    smarthostPort: count('Of the smarthost, for the network policy.', 587, { min: 1, max: 65_535 }),
  }),
  administration: section('One address for administrators and ./relais.', {
    ...service('administration', { replicas: 1, max: 2, memory: ['96Mi', '256Mi'] }),
    autoscaling,
  }),
  maxMessageBytes: count('Largest message, in bytes.', 52_428_800, { min: 1024, max: 2_147_483_647 }),
  gateway: section('Phones’ way in by Gateway API.', {
    enabled: flag('Make an HTTPRoute.'),
    parentRefs: listAsIs('The Gateways it belongs to.'),
    hostnames: texts('By which phones come.'),
    annotations: asIs('Of the HTTPRoute.'),
  }),
  ingress: section('Phones’ way in by Ingress, where there is no Gateway API. A request may take an hour.', {
    enabled: flag('Make an Ingress.'),
    className: text('Of its controller.'),
    hosts: texts('By which phones come.'),
    tlsSecret: text('Its certificate.'),
    annotations: asIs(
      'What tells your controller to wait for an hour; the defaults are ingress-nginx’ and HAProxy’s.',
      {
        'nginx.ingress.kubernetes.io/proxy-read-timeout': '3700',
        'nginx.ingress.kubernetes.io/proxy-send-timeout': '3700',
        'nginx.ingress.kubernetes.io/proxy-body-size': '80m',
        'nginx.ingress.kubernetes.io/proxy-request-buffering': 'off',
        'nginx.ingress.kubernetes.io/proxy-buffering': 'off',
        'haproxy.org/timeout-server': '3700s',
        'haproxy.org/timeout-client': '3700s',
      },
    ),
  }),
  mailService: section('The mail ports’ way in.', {
    type: z
      .enum(['ClusterIP', 'NodePort', 'LoadBalancer'])
      .default('LoadBalancer')
      .describe('As Kubernetes has it.'),
    annotations: asIs('What your load balancer reads.'),
    loadBalancerIP: text('A fixed address, where the provider knows it.'),
    loadBalancerSourceRanges: texts('From where it may be reached.'),
    externalTrafficPolicy: z
      .enum(['Local', 'Cluster'])
      .default('Local')
      .describe('Local keeps the sender’s address.'),
    proxyProtocolFrom: texts(
      'Addresses or networks of load balancers that begin SMTP and submission with a PROXY header, version 1 or 2. Others are never believed one; these must send one.',
    ),
    smtp: flag('Port 25.', true),
    submission: flag('Port 587.', true),
    lmtp: flag('Port 24, for your own mail server in front; else it is reached inside the cluster alone.'),
  }),
  networkPolicy: section('Everything is closed but the edges of the services’ graph.', {
    enabled: flag('Needs a network that enforces policies.', true),
    dns: peers('Where names are looked up'),
    gateway: peers('Phones’ gateway'),
    administrators: peers('Who may reach administration'),
    mailClients: peers('Who may reach SMTP and submission'),
    lmtpClients: listAsIs(
      'Who may deliver by LMTP, which asks for no password (NetworkPolicyPeer); default: pods of the same namespace; empty: anyone.',
      [{ podSelector: {} }],
    ),
    monitoring: peers('Who may read figures; probes come from the node'),
    log: peers('The event log'),
    rows: peers('The rows’ PostgreSQL'),
    blobs: peers('The S3 server'),
    smarthost: peers('The smarthost'),
    collector: peers('The collector of traces'),
  }),
  podDisruptionBudget: section('At most one pod of a service goes at a time.', {
    enabled: flag('Make them.', true),
  }),
  topologySpread: section('Pods of one service are spread.', {
    zone: z
      .enum(['DoNotSchedule', 'ScheduleAnyway', 'off'])
      .default('ScheduleAnyway')
      .describe('Over zones.'),
    node: z
      .enum(['DoNotSchedule', 'ScheduleAnyway', 'off'])
      .default('ScheduleAnyway')
      .describe('Over nodes.'),
  }),
  serviceAccount: section('One for all pods, without a token.', {
    create: flag('Make it.', true),
    name: text('Default: the release’s name.'),
    annotations: asIs('Of the account.'),
  }),
  monitoring: section('For Prometheus’ operator and Grafana.', {
    serviceMonitor: flag('Make a ServiceMonitor.'),
    interval: text('Between two readings.', '30s'),
    rules: flag('Make a PrometheusRule; each alert has a runbook.'),
    runbookUrl: text('Where you keep docs/runbooks, as a URL; empty: alerts name the file.'),
    dashboard: flag('Make a ConfigMap with the dashboard, for Grafana’s sidecar.'),
    labels: asIs('By which your operator and sidecar choose.'),
  }),
  check: section('`helm test`: one round of what a phone does, with mail that comes by LMTP.', {
    account: section('A Secret with an account that is only for this; without it there is nothing to test.', {
      name: text('Of the Secret.'),
      addressKey: text('In the Secret.', 'address'),
      passwordKey: text('In the Secret.', 'password'),
    }),
  }),
  trial: section(
    'One small NATS, PostgreSQL and S3 server beside it, with passwords made up for it. To try it, not for production. Needs cert-manager.',
    {
      enabled: flag('Goes before what is said of log, rows and blobs.'),
      images: section('Of the servers, by a version or digest; they are yours to choose.', {
        nats: text('NATS 2.11 or newer, e.g. docker.io/library/nats:VERSION.'),
        postgres: text('PostgreSQL 14 or newer, e.g. docker.io/library/postgres:VERSION.'),
        s3: text('versitygw, e.g. docker.io/versity/versitygw:VERSION.'),
      }),
      storage: text('Room for each.', '2Gi'),
      storageClass: text('Of their volumes; default: the cluster’s.'),
    },
  ),
  terminationGraceExtraSeconds: count('Beyond graceSeconds before Kubernetes kills a pod.', 15, {
    min: 5,
    max: 600,
  }),
  merge: asIs(
    'Laid over objects before they are applied: {"Deployment/mail": {"spec": …}}; the name is the object’s without the release’s.',
  ),
  extraObjects: listAsIs('Further objects; templates in them are filled in.'),
})

export type Values = z.output<typeof values>
