import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readUnit, serviceValues, variablesOf } from './unit-file.ts'

test('settings come with their sections, comments and empty lines do not, lines that go on are one', () => {
  const unit = readUnit(
    '# a\n[Unit]\nDescription=x = y\n\n; b\n[Service]\nExecStart=/a \\\n  b\nEnvironment=A=1\n',
  )
  assert.deepEqual(unit, [
    { section: 'Unit', name: 'Description', value: 'x = y' },
    { section: 'Service', name: 'ExecStart', value: '/a    b' },
    { section: 'Service', name: 'Environment', value: 'A=1' },
  ])
  assert.deepEqual(serviceValues(unit, 'Environment'), ['A=1'])
})

test('a line that is no setting is named', () => {
  assert.throws(() => readUnit('[Service]\nExecStart\n'), /line 2 is no setting: ExecStart/)
})

test('a variable’s value may have = in it', () => {
  assert.deepEqual(variablesOf(['A=b=c', 'D=']), { A: 'b=c', D: '' })
})
