import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { UsageError } from '../usage-error.ts'
import { readingOf } from './reading.ts'
import { sourcesOf } from './sources.ts'
import { processRows, slowestRows } from './view.ts'

const figures = ({
  wakes = 0,
  syncs = 0,
  calls = 0,
  seconds = 0,
  cpu = 0,
}) => `# TYPE relais_held_requests gauge
relais_held_requests 12
# TYPE relais_wakes counter
relais_wakes_total{reason="changes"} ${wakes}
relais_wakes_total{reason="expired"} 1
# TYPE relais_syncs counter
relais_syncs_total{hop="none"} ${syncs}
# TYPE relais_projection_lag_positions gauge
relais_projection_lag_positions{model="mail"} 3
relais_projection_lag_positions{model="directory"} 7
# TYPE process_cpu_seconds counter
process_cpu_seconds_total ${cpu}
# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes 104857600
# TYPE relais_rpc_seconds histogram
relais_rpc_seconds_sum{method="Mail/Deliver",code="OK"} ${seconds}
relais_rpc_seconds_count{method="Mail/Deliver",code="OK"} ${calls}
relais_rpc_seconds_sum{method="Mail/Deliver",code="CONFLICT"} 0.5
relais_rpc_seconds_count{method="Mail/Deliver",code="CONFLICT"} 1
# TYPE relais_eas_request_seconds histogram
relais_eas_request_seconds_sum{command="Sync",http_status="200",code="OK"} ${seconds / 10}
relais_eas_request_seconds_count{command="Sync",http_status="200",code="OK"} ${calls}
# EOF
`

const before = readingOf(figures({ wakes: 10, syncs: 100, calls: 5, seconds: 1, cpu: 1 }), 1_000)
const after = readingOf(figures({ wakes: 14, syncs: 150, calls: 9, seconds: 3, cpu: 2 }), 3_000)

test('a process is shown with what it did by the second between two looks', () => {
  assert.deepEqual(processRows([{ name: 'relais', before, after }]), [
    { process: 'relais', 'phones held': 12, 'wakes/s': 2, 'syncs/s': 25, lag: 7, 'cpu %': 50, MiB: 100 },
  ])
})

test('a process that does not answer stays in the list, without figures', () => {
  const [row] = processRows([{ name: 'mail', before, after: undefined }])
  assert.deepEqual([row?.process, row?.['wakes/s'], row?.MiB], ['mail', '-', '-'])
})

test('one that answers for the first time, or was started anew, did nothing yet', () => {
  assert.equal(processRows([{ name: 'a', before: undefined, after }])[0]?.['wakes/s'], 0)
  const anew = readingOf(figures({}), 5_000)
  assert.equal(processRows([{ name: 'a', before: after, after: anew }])[0]?.['syncs/s'], 0)
})

test('the slowest methods and commands come first, by what a call took between two looks', () => {
  assert.deepEqual(slowestRows([{ name: 'relais', before, after }], 10), [
    { process: 'relais', 'method or command': 'Mail/Deliver', calls: 4, 'ms each': 500 },
    { process: 'relais', 'method or command': 'Sync', calls: 4, 'ms each': 50 },
  ])
  assert.equal(slowestRows([{ name: 'relais', before, after }], 1).length, 1)
  assert.deepEqual(slowestRows([{ name: 'relais', before: after, after }], 10), [])
})

test('what is no text of figures is refused', () => {
  assert.throws(() => readingOf('<html>', 0), { code: 'METRICS_INVALID' })
})

const folderWith = (context: TestContext, running: object | string) => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-top-'))
  context.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'running.json'), typeof running === 'string' ? running : JSON.stringify(running))
  return folder
}

test('processes are those that are given, or those of the Relais on the data folder', (context) => {
  assert.deepEqual(sourcesOf(['http://mail.example:7480'], 'nowhere'), [
    { name: 'mail.example:7480', url: 'http://mail.example:7480/metrics' },
  ])
  const one = folderWith(context, { metrics: 'http://127.0.0.1:9464/metrics' })
  assert.deepEqual(sourcesOf([], one), [{ name: 'relais', url: 'http://127.0.0.1:9464/metrics' }])
  const many = folderWith(context, { processes: [{ name: 'mail', health: 'http://127.0.0.1:7481' }] })
  assert.deepEqual(sourcesOf([], many), [{ name: 'mail', url: 'http://127.0.0.1:7481/metrics' }])
})

test('where there is nothing to look at, it is said what to give', (context) => {
  for (const data of [folderWith(context, {}), folderWith(context, 'no JSON'), '/nowhere'])
    assert.throws(() => sourcesOf([], data), UsageError)
  for (const url of ['mail', 'ftp://mail', '']) assert.throws(() => sourcesOf([url], '.'), UsageError)
})
