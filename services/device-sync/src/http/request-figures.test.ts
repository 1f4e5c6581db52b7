import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Span } from '@relais/service-kit'
import type { SpanAttributes } from '@relais/service-kit/telemetry/attributes.ts'
import { useMetrics } from '@relais/service-kit/telemetry/metrics.ts'
import type { Command } from '../commands/command.ts'
import type { Post } from './post.ts'
import { tellRequest, tellWoken } from './request-figures.ts'

const COMMANDS: ReadonlyMap<string, Command> = new Map([['Sync', {} as Command]])

const setUp = (context: TestContext) => {
  const observed: { labels: Readonly<Record<string, string>>; seconds: number }[] = []
  useMetrics({ count: () => {}, observe: (_, labels, seconds) => void observed.push({ labels, seconds }) })
  context.after(() => useMetrics(undefined))
  const names: string[] = []
  const attributes: SpanAttributes[] = []
  const span = new Span(undefined, {
    context: { traceId: '', spanId: '', sampled: true },
    set: (given) => void attributes.push(given),
    rename: (name) => void names.push(name),
    end: () => {},
  })
  const tell = (post: Partial<Post> | undefined, status = 200) =>
    tellRequest(COMMANDS, {
      start: performance.now(),
      span,
      post: post as Post | undefined,
      answer: { status },
    })
  return { observed, names, attributes, tell }
}

test('an answered request is told by its command, its HTTP status and the code of its failure', (context) => {
  const { observed, names, attributes, tell } = setUp(context)
  tell({ command: 'Sync' })
  tell({ command: 'Sync', failed: 'QUOTA_EXCEEDED' }, 507)
  assert.deepEqual(
    observed.map(({ labels }) => labels),
    [
      { command: 'Sync', http_status: '200', code: 'OK' },
      { command: 'Sync', http_status: '507', code: 'QUOTA_EXCEEDED' },
    ],
  )
  assert.deepEqual(names, ['EAS Sync', 'EAS Sync'])
  assert.equal(attributes[1]?.['relais.code'], 'QUOTA_EXCEEDED')
})

test('a command that a client made up has no name of its own in figures and spans', (context) => {
  const { observed, names, tell } = setUp(context)
  tell({ command: 'mike@acme.example' }, 501)
  tell(undefined, 404)
  assert.deepEqual(
    observed.map(({ labels }) => labels.command),
    ['other', 'other'],
  )
  assert.deepEqual(names, ['EAS', 'EAS'])
})

test('from append to woken is told by the clock of whoever appended, and never less than nothing', (context) => {
  const { observed } = setUp(context)
  tellWoken({ traceparent: '', at: 1_000 }, 1_250)
  tellWoken({ traceparent: '', at: 2_000 }, 1_250)
  assert.deepEqual(
    observed.map(({ seconds }) => seconds),
    [0.25, 0],
  )
})
