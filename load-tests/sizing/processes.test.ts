import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { waitUntil } from '@relais/testing/wait-until.ts'
import { nameIn, usageBelow, usageFrom, usageIn } from './processes.ts'

test('a service is known by its main.ts, a server by its program, nothing else at all', () => {
  assert.equal(nameIn('/a/node --flag /b/services/mail-transport/src/main.ts '), 'mail-transport')
  assert.equal(nameIn('/cache/nats-server-2.15.2 -c x'), 'nats-server')
  assert.equal(nameIn('postgres: relais relais_rows 127.0.0.1 idle '), 'postgres')
  assert.equal(nameIn('/x/bin/postgres -D /data/postgres'), 'postgres')
  assert.equal(nameIn('/usr/bin/tail -f /var/log/haproxy'), undefined)
  assert.equal(nameIn(''), undefined)
})

test('time is read behind a name with blanks and brackets in it, memory where it has its name', () => {
  const stat = `42 (a ) b) S 1 1 1 0 -1 4194560 100 200 0 0 ${[7, 3, 20, 10].join(' ')} 20 0 11 0 100 1000000 512 18446744073709551615`
  const status = 'Name:\ta ) b\nVmPeak:\t  999999 kB\nVmHWM:\t    4096 kB\nVmRSS:\t    2048 kB\n'
  assert.deepEqual(usageIn(stat, status), { cpuMs: 400, residentMiB: 2, mostMiB: 4 })
})

test('a process that has ended and waits to be asked about has time and no memory', () => {
  const stat = `42 (node) Z 1 1 1 0 -1 4194560 0 0 0 0 ${[5, 5, 0, 0].join(' ')} 20 0 1 0 100 0 0 0`
  assert.deepEqual(usageIn(stat, 'Name:\tnode\nState:\tZ (zombie)\n'), {
    ...{ cpuMs: 100, residentMiB: 0 },
    mostMiB: 0,
  })
})

test('a process that has ended is nobody’s', async () => {
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  assert.deepEqual([...usageBelow(child.pid ?? 0)], [])
})

/** A process that looks like a service: its command has that service's main.ts in it. */
const service = async (context: TestContext, name: string, script = 'setInterval(() => {}, 1000)') => {
  const child = spawn(process.execPath, ['-e', `${script};console.log(1)`, `services/${name}/src/main.ts`])
  context.after(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return child
}

test('processes of one service are one line: time and memory together, and the most of one', async (context) => {
  const more = 'const kept = Buffer.alloc(64 * 1024 * 1024, 1);setInterval(() => kept.length, 1000)'
  await Promise.all([service(context, 'mail'), service(context, 'mail', more), service(context, 'directory')])
  const usage = usageBelow(process.pid)
  const [mail, directory] = [usage.get('mail'), usage.get('directory')]
  assert.ok(mail !== undefined && directory !== undefined)
  assert.ok(mail.residentMiB > mail.mostMiB, 'two have more than one')
  assert.ok(mail.mostMiB > directory.mostMiB + 40, 'and one of them has 64 MiB more than others')
})

test('what a process has used grows, and what it had at most stays', async (context) => {
  const spending = 'while (process.cpuUsage().user < 300_000);setInterval(() => {}, 1000)'
  const child = await service(context, 'mail', spending)
  await waitUntil(() => (usageBelow(process.pid).get('mail')?.cpuMs ?? 0) >= 100)
  const { residentMiB = 0, mostMiB = 0 } = usageBelow(process.pid).get('mail') ?? {}
  assert.ok(residentMiB > 0 && mostMiB >= residentMiB)
  child.kill('SIGKILL')
  await once(child, 'exit')
  assert.equal(usageBelow(process.pid).get('mail'), undefined)
})

test('an installation of one process is that process', async (context) => {
  const { pid = 0 } = await service(context, 'standalone')
  assert.deepEqual([...usageFrom(pid).keys()], ['standalone'])
  assert.deepEqual([...usageBelow(pid).keys()], [])
})
