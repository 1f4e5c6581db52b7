import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test, { after, describe } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { TestScope } from '@relais/testing/clean-up.ts'
import { temporaryFolder } from '@relais/testing/temporary-folder.ts'

const repository = fileURLToPath(new URL('../../', import.meta.url))

/** A workspace in which everything is as it should be. */
const SOUND = {
  'package.json': '{"type": "module"}',
  'node_modules/pino/package.json': '{"name": "pino", "main": "index.js"}',
  'node_modules/pino/index.js': '',
  'node_modules/aws4fetch/package.json': '{"name": "aws4fetch", "main": "index.js"}',
  'node_modules/aws4fetch/index.js': '',
  'node_modules/nice-grpc/package.json': '{"name": "nice-grpc", "main": "index.js"}',
  'node_modules/nice-grpc/index.js': '',
  'packages/service-kit/package.json':
    '{"name": "service-kit", "dependencies": {"nice-grpc": "1", "pino": "1"}}',
  'packages/service-kit/src/index.ts': "import 'nice-grpc'\nimport 'pino'\nexport const kit = 1\n",
  'packages/event-log/package.json': '{"name": "event-log"}',
  'packages/event-log/src/sqlite/open.ts': "import 'node:sqlite'\nexport const open = 1\n",
  'packages/testing/src/index.ts': 'export const testing = 1\n',
  'services/mail/package.json': '{"name": "mail", "dependencies": {}}',
  'services/mail/src/mailbox/decide.ts':
    "import { name } from './mailbox.ts'\nexport const decide = () => [name]\n",
  'services/mail/src/mailbox/mailbox.ts': "import 'node:crypto'\nexport const name = 'inbox'\n",
  'services/mail/src/mailbox/decide.test.ts': "import 'node:fs'\nimport './decide.ts'\n",
  'services/mail/src/queries/mailboxes.ts':
    "import { name } from '../mailbox/mailbox.ts'\nexport const list = [name]\n",
  'services/mail/src/projections/mailboxes.ts': 'export const rows = []\n',
  'services/mail/src/service.ts':
    "import { decide } from './mailbox/decide.ts'\nexport const createMail = decide\n",
  'services/mail/src/main.ts': "import { createMail } from './service.ts'\ncreateMail()\n",
  'services/directory/src/service.ts': 'export const createDirectory = 1\n',
}

type Violation = { readonly rule: string; readonly from: string }

/** What dependency-cruiser finds in a workspace of these files. */
const cruise = async (scope: TestScope, files: Record<string, string>): Promise<Violation[]> => {
  const root = await temporaryFolder(scope)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  copyFileSync(join(repository, 'dependency-rules.cjs'), join(root, 'dependency-rules.cjs'))
  const { stdout } = spawnSync(
    join(repository, 'node_modules/.bin/depcruise'),
    ['--config', 'dependency-rules.cjs', '--output-type', 'json', 'packages', 'services'],
    { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  )
  const { summary } = JSON.parse(stdout) as {
    summary: { violations: { rule: { name: string }; from: string }[] }
  }
  return summary.violations.map(({ rule, from }) => ({ rule: rule.name, from }))
}

/** Each is a file of its own in that folder with that one import. */
const FORBIDDEN = [
  ['services-are-strangers', 'services/mail/src', '../../directory/src/service.ts'],
  ['packages-know-no-service', 'packages/event-log/src', '../../../services/mail/src/service.ts'],
  ['domain-has-no-world', 'services/mail/src/mailbox', 'node:fs/promises'],
  ['domain-has-no-world', 'services/mail/src/mailbox', 'node:timers/promises'],
  ['domain-has-no-world', 'services/mail/src/mailbox', 'fs'],
  ['domain-imports-nothing-of-its-service', 'services/mail/src/mailbox', '../queries/mailboxes.ts'],
  ['domain-imports-nothing-of-its-service', 'services/mail/src/mailbox', '../projections/mailboxes.ts'],
  ['domain-imports-nothing-of-its-service', 'services/mail/src/mailbox', '../service.ts'],
  ['rows-do-not-decide', 'services/mail/src/queries', '../mailbox/decide.ts'],
  ['rows-do-not-decide', 'services/mail/src/projections', '../mailbox/decide.ts'],
  ['only-adapters-speak-sql', 'services/mail/src/queries', 'node:sqlite'],
  ['only-adapters-speak-sql', 'packages/event-log/src', 'node:sqlite'],
  ['only-blobs-speak-s3', 'services/mail/src/api', 'aws4fetch'],
  ['only-the-service-kit-speaks-grpc', 'services/mail/src/api', 'nice-grpc'],
  ['only-telemetry-speaks-opentelemetry', 'packages/service-kit/src/transport', 'prom-client'],
  ['only-telemetry-speaks-opentelemetry', 'packages/event-log/src', '@opentelemetry/api'],
  ['only-the-service-kit-writes-logs', 'services/mail/src/api', 'pino'],
  ['no-tests-in-the-product', 'services/mail/src', './mailbox/decide.test.ts'],
  ['no-tests-in-the-product', 'packages/service-kit/src', '../../testing/src/index.ts'],
  ['no-tests-in-the-product', 'services/mail/src', 'node:test'],
  ['no-way-round-a-package', 'services/mail/src', '../../../packages/service-kit/src/index.ts'],
  ['everything-is-there', 'services/mail/src', './nowhere.ts'],
  ['declared-at-all', 'services/mail/src', 'pino'],
] as const

const fileOf = (index: number) => `${FORBIDDEN[index]?.[1]}/case-${index}.ts`

const forbiddenFiles = () =>
  Object.fromEntries(FORBIDDEN.map(([, , module], index) => [fileOf(index), `import '${module}'\n`]))

describe('what the rules forbid', async () => {
  const found = await cruise(
    { after },
    {
      ...SOUND,
      ...forbiddenFiles(),
      'services/mail/src/by-type.ts': "import type { x } from '../../directory/src/service.ts'\n",
      'services/mail/src/circle/one.ts': "import { two } from './two.ts'\nexport const one = () => two\n",
      'services/mail/src/circle/two.ts': "import { one } from './one.ts'\nexport const two = () => one\n",
    },
  )
  const has = (rule: string, from: string) =>
    found.some((violation) => violation.rule === rule && violation.from === from)

  for (const [index, [rule, folder, module]] of FORBIDDEN.entries()) {
    test(`${rule}: a file of ${folder} imports ${module}`, () => assert.ok(has(rule, fileOf(index))))
  }

  test('services-are-strangers: a type is imported too', () => {
    assert.ok(has('services-are-strangers', 'services/mail/src/by-type.ts'))
  })

  test('no-cycles: two files need each other', () => {
    assert.ok(has('no-cycles', 'services/mail/src/circle/one.ts'))
  })
})

describe('what the rules allow', () => {
  test('a workspace in which everything is as it should be', async (context) => {
    assert.deepEqual(await cruise(context, SOUND), [])
  })

  test('two files that know each other by types alone', async (context) => {
    const found = await cruise(context, {
      ...SOUND,
      'services/mail/src/circle/one.ts': "import { two } from './two.ts'\nexport const one = () => two\n",
      'services/mail/src/circle/two.ts':
        "import type { one } from './one.ts'\nexport type Two = typeof one\n",
    })
    assert.deepEqual(found, [])
  })

  test('a main.ts that puts services together', async (context) => {
    const found = await cruise(context, {
      ...SOUND,
      'services/mail/src/main.ts': "import '../../directory/src/service.ts'\n",
    })
    assert.deepEqual(found, [{ rule: 'no-way-round-a-package', from: 'services/mail/src/main.ts' }])
  })
})
