import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createOutput, moment } from './output.ts'

const written = (json: boolean, isTTY = false) => {
  const out = { stdout: '', stderr: '' }
  const stream = (name: 'stdout' | 'stderr') => ({
    isTTY,
    write: (text: string) => {
      out[name] += text
    },
  })
  return { out, output: createOutput(json, { stdout: stream('stdout'), stderr: stream('stderr') }) }
}

test('rows stand in columns for people', () => {
  const { out, output } = written(false)
  output.rows([
    { address: 'a@b.example', aliases: ['x@b.example', 'y@b.example'] },
    { address: 'longer@b.example', aliases: [] },
  ])
  assert.equal(
    out.stdout,
    'ADDRESS           ALIASES\na@b.example       x@b.example, y@b.example\nlonger@b.example\n',
  )
})

test('no rows are said to be none', () => {
  const { out, output } = written(false)
  output.rows([])
  assert.equal(out.stdout, '(none)\n')
})

test('rows are one JSON document for programs', () => {
  const { out, output } = written(true)
  output.rows([{ address: 'a@b.example', seen: 7 }])
  assert.deepEqual(JSON.parse(out.stdout), [{ address: 'a@b.example', seen: 7 }])
})

test('a name with control characters can not steer a terminal', () => {
  const { out, output } = written(false)
  output.rows([{ name: '\u001b[2Jgone\r\n' }])
  assert.ok(!out.stdout.includes('\u001b'))
  assert.equal(out.stdout.split('\n').length, 3)
})

test('progress goes to standard error, in place on a terminal, and is silent for programs', () => {
  const terminal = written(false, true)
  terminal.output.progress('1 of 2')
  assert.equal(terminal.out.stderr, '\r\u001b[K1 of 2')
  const pipe = written(false)
  pipe.output.progress('1 of 2')
  assert.equal(pipe.out.stderr, '1 of 2\n')
  const program = written(true)
  program.output.progress('1 of 2')
  assert.equal(program.out.stderr, '')
})

test('a moment is a date and a time, and none is a dash', () => {
  assert.equal(moment(Date.UTC(2026, 10, 25, 10, 20)), '2026-11-25 10:20')
  assert.equal(moment(0), '-')
})
