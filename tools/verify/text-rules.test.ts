import assert from 'node:assert/strict'
import test from 'node:test'
import { breaches, openWork, tooLong } from './text-rules.ts'

const file = (path: string, text: string) => ({ path, text })
const decider = file('services/mail/src/mailbox/decide.ts', 'export const decide = () => []\n')

const found = (path: string, text: string) => breaches([decider, file(path, text)]).join('\n')

for (const [path, text] of [
  ['services/mail/src/service.ts', 'const port = process.env.PORT'],
  ['packages/event-log/src/port.ts', 'const { HOME } = process.env'],
]) {
  test(`environment outside of main.ts is found: ${path}`, () => {
    assert.match(found(path!, text!), /environment variables.*\n {2}.*:1: const/)
  })
}

for (const path of [
  'services/mail/src/main.ts',
  'services/mail/src/mail.test.ts',
  'services/mail/test/x.ts',
  'tools/test.ts',
]) {
  test(`environment in ${path} is allowed`, () => {
    assert.equal(found(path, 'const port = process.env.PORT'), '')
  })
}

for (const text of [
  'const at = Date.now()',
  'const at = new Date()',
  'Temporal.Now.instant()',
  'performance.now()',
  'setTimeout(run, 10)',
]) {
  test(`a clock in a domain folder is found: ${text}`, () => {
    assert.match(found('services/mail/src/mailbox/mailbox.ts', text), /a domain folder has no clock/)
  })
}

for (const text of ['Math.random()', 'crypto.randomUUID()', 'randomBytes(16)', 'crypto.getRandomValues(x)']) {
  test(`chance in a domain folder is found: ${text}`, () => {
    assert.match(found('services/mail/src/mailbox/mailbox.ts', text), /a domain folder has no chance/)
  })
}

test('a date that is given is no clock', () => {
  assert.equal(found('services/mail/src/mailbox/mailbox.ts', 'const at = new Date(command.at)'), '')
})

test('a folder that does not decide may have a clock', () => {
  assert.equal(found('services/mail/src/sweeping/sweeper.ts', 'setTimeout(run, 10); Date.now()'), '')
})

test('a test of a domain folder may have a clock', () => {
  assert.equal(found('services/mail/src/mailbox/decide.test.ts', 'Date.now()'), '')
})

test('a comment breaks no rule', () => {
  assert.equal(
    found('services/mail/src/mailbox/mailbox.ts', '// not Date.now()\n/** nor Math.random() */'),
    '',
  )
})

for (const text of [
  "'SELECT id FROM mailbox'",
  '` INSERT  INTO x',
  '"DELETE FROM x WHERE 1"',
  '`UPDATE x SET y`',
]) {
  test(`SQL in api is found: ${JSON.stringify(text)}`, () => {
    const rule = found('services/mail/src/api/deliver.ts', text)
    assert.match(rule, /api contains no SQL/)
  })
}

test('SQL in queries and words like it in api are allowed', () => {
  assert.equal(found('services/mail/src/queries/mailboxes.ts', "'SELECT 1'"), '')
  assert.equal(
    found('services/mail/src/api/update.ts', "terminal('UPDATE_REFUSED', 'select another mailbox')"),
    '',
  )
})

test('an index.ts inside of a workspace is found, that of a workspace is not', () => {
  assert.match(found('services/mail/src/mailbox/index.ts', ''), /no index\.ts/)
  assert.equal(found('services/mail/src/index.ts', ''), '')
})

test('a file of more than 400 lines is found, a test of any length is not', () => {
  const long = 'x\n'.repeat(401)
  assert.equal(tooLong([file('packages/a/src/a.ts', long)]).length, 1)
  assert.deepEqual(
    tooLong([file('packages/a/src/a.ts', 'x\n'.repeat(400)), file('packages/a/src/a.test.ts', long)]),
    [],
  )
})

const open = (word: string) => `// ${word}: later`

test('open work without an issue is found', () => {
  const words = ['TO' + 'DO', 'FIX' + 'ME']
  for (const word of words) assert.equal(openWork([file('a.ts', `x\n${open(word)}\n`)]).length, 1)
})

test('open work with an issue is allowed, and so are words that look like it', () => {
  assert.deepEqual(openWork([file('a.ts', `// ${'TO' + 'DO'} (#12): later\nconst VTODOS = 'VTODO'\n`)]), [])
})
