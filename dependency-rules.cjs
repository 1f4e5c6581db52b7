// The rules between the rooms (docs/explanation/architecture.md), for dependency-cruiser: `npm run verify`.
// What can only be seen in the text of a file (environment, clock, SQL) is in tools/verify/text-rules.ts.
const { existsSync, readdirSync } = require('node:fs')
const { join } = require('node:path')

const TEST =
  '\\.test\\.ts$|\\.fixture\\.ts$|/test/|^packages/(testing|servers|testcontainers)/|/contract(-suite\\.ts$|/)|^load-tests/'

const folders = (path) =>
  existsSync(path)
    ? readdirSync(path, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => join(path, entry.name))
    : []

/** A domain folder is one that decides. */
const domainFolders = folders('services')
  .flatMap((service) => folders(join(service, 'src')))
  .filter((folder) => existsSync(join(folder, 'decide.ts')))

const DOMAIN = domainFolders.length === 0 ? '^none$' : `^(${domainFolders.join('|')})/`

/** Modules of Node that reach out of a function: a domain folder has none of them. */
const WORLD = [
  'child_process cluster dgram dns fs http http2 https inspector net os perf_hooks process',
  'readline repl sqlite stream timers tls v8 vm worker_threads',
]
  .flatMap((line) => line.split(' '))
  .map((name) => `^(node:)?${name}(/|$)`)

const onlyFrom = (name, comment, allowed, modules) => ({
  name,
  comment,
  severity: 'error',
  from: { pathNot: `${allowed}|${TEST}` },
  to: { path: modules },
})

const npm = (names) => `(^|node_modules/)(${names})(/|$)`

module.exports = {
  forbidden: [
    {
      name: 'services-are-strangers',
      comment:
        'A service never imports another one: only a main.ts and services/standalone put services together.',
      severity: 'error',
      from: { path: '^services/(?!standalone/)([^/]+)/', pathNot: 'src/main\\.ts$' },
      to: { path: '^services/', pathNot: '^services/$1/' },
    },
    {
      name: 'packages-know-no-service',
      comment: 'A helper with one user lives with that user.',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: '^services/' },
    },
    {
      name: 'domain-imports-nothing-of-its-service',
      comment: 'A domain folder knows neither its callers nor its rows.',
      severity: 'error',
      from: { path: DOMAIN, pathNot: TEST },
      to: {
        path: '^services/[^/]+/src/(api|projections|queries|process|[^/]+\\.ts$)',
        pathNot: '/events\\.ts$|/limits\\.ts$',
      },
    },
    {
      name: 'domain-has-no-world',
      comment:
        'No I/O, clock or threads where things are decided: what a decision needs comes with the command.',
      severity: 'error',
      from: { path: DOMAIN, pathNot: TEST },
      to: { path: WORLD },
    },
    {
      name: 'rows-do-not-decide',
      comment: 'projections and queries read what was decided.',
      severity: 'error',
      from: { path: '^services/[^/]+/src/(projections|queries)/', pathNot: TEST },
      to: { path: '/decide\\.ts$' },
    },
    onlyFrom(
      'only-adapters-speak-sql',
      'Drivers of databases are imported by adapters alone.',
      '^(packages/(event-log|read-store)|services/standalone)/src/sqlite/',
      '^(node:)?sqlite$',
    ),
    onlyFrom(
      'only-adapters-speak-to-postgresql',
      'Drivers of databases are imported by adapters alone.',
      '^packages/(event-log|read-store)/src/postgres/',
      npm('pg|kysely'),
    ),
    onlyFrom(
      'only-blobs-speak-s3',
      'Signing of S3 requests is in one place.',
      '^packages/blob-store/src/s3/',
      npm('aws4fetch'),
    ),
    onlyFrom(
      'only-the-service-kit-speaks-grpc',
      'Services see handlers and clients.',
      '^packages/(service-kit|proto)/',
      npm('@grpc/grpc-js|nice-grpc|grpc-health-check|@opentelemetry/.*'),
    ),
    onlyFrom(
      'only-telemetry-speaks-opentelemetry',
      'Spans and figures are ours; who keeps and sends them is in one folder.',
      '^packages/service-kit/src/telemetry/',
      npm('@opentelemetry/.*|prom-client'),
    ),
    onlyFrom(
      'only-the-service-kit-writes-logs',
      'Redaction is in one place.',
      '^packages/service-kit/',
      npm('pino'),
    ),
    {
      name: 'no-tests-in-the-product',
      comment: 'What runs for users imports nothing that is made for tests.',
      severity: 'error',
      from: { path: '^(packages|services)/', pathNot: TEST },
      to: {
        path: '\\.test\\.ts$|\\.fixture\\.ts$|^packages/testing/|(^|node_modules/)fast-check/|^(node:)?test$',
      },
    },
    {
      name: 'no-way-round-a-package',
      comment: 'Another workspace is imported by its name, which says what it offers.',
      severity: 'error',
      from: { path: '^(packages|services)/([^/]+)/' },
      to: { path: '^(packages|services)/', pathNot: '^$1/$2/', dependencyTypes: ['local'] },
    },
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one thing, or three.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'everything-is-there',
      comment: 'An import that leads nowhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'declared-for-use',
      comment: 'What runs for users must be installed for users: a dependency, not a devDependency.',
      severity: 'error',
      from: { path: '^(packages|services)/', pathNot: TEST },
      to: { dependencyTypes: ['npm-dev'], pathNot: '^packages/' },
    },
    {
      name: 'declared-at-all',
      comment: 'A package that is imported stands in the package.json of who imports it.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^packages/proto/src/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
    },
  },
}
