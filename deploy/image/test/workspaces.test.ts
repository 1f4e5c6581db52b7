import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Entry } from '../src/tar.ts'
import { shippedFiles, workspacesFor } from '../src/workspaces.ts'

const file = (path: string, content = ''): Entry => ({
  kind: 'file',
  path,
  mode: 0o644,
  bytes: Buffer.from(content),
})
const manifest = (folder: string, dependencies: string[], devDependencies: string[] = []) =>
  file(
    `${folder}/package.json`,
    JSON.stringify({
      name: `@relais/${folder.split('/')[1]}`,
      dependencies: Object.fromEntries(dependencies.map((name) => [`@relais/${name}`, 'workspace:*'])),
      devDependencies: Object.fromEntries(devDependencies.map((name) => [`@relais/${name}`, 'workspace:*'])),
    }),
  )

const files = [
  manifest('services/mail', ['log'], ['testing']),
  manifest('packages/log', ['kit']),
  manifest('packages/kit', ['log']),
  manifest('packages/testing', []),
  file('services/mail/src/main.ts'),
  file('services/mail/src/main.test.ts'),
  file('services/mail/src/rows.fixture.ts'),
  file('services/mail/test/whole.e2e.test.ts'),
  file('services/mail/README.md'),
  file('packages/log/src/index.ts'),
  file('packages/testing/src/index.ts'),
]

test('a service brings what it depends on, and what that depends on, once', () => {
  assert.deepEqual(
    workspacesFor(files, ['services/mail']).map(({ folder }) => folder),
    ['packages/kit', 'packages/log', 'services/mail'],
  )
})

test('neither tests nor what only they need is shipped', () => {
  assert.deepEqual(
    shippedFiles(files, workspacesFor(files, ['services/mail'])).map(({ path }) => path),
    [
      'services/mail/package.json',
      'packages/log/package.json',
      'packages/kit/package.json',
      'services/mail/src/main.ts',
      'packages/log/src/index.ts',
    ],
  )
})

test('a service that is not in the commit ends it', () => {
  assert.throws(() => workspacesFor(files, ['services/calendar']), /no workspace services\/calendar/)
})
