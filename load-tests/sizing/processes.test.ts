import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { nameIn, usageBelow, usageIn } from './processes.ts'

test('a service is known by its main.ts, a server by its program, nothing else at all', () => {
  assert.equal(nameIn('/a/node --flag /b/services/mail-transport/src/main.ts '), 'mail-transport')
  assert.equal(nameIn('/cache/nats-server-2.15.2 -c x'), 'nats-server')
  assert.equal(nameIn('postgres: relais relais_rows 127.0.0.1 idle '), 'postgres')
  assert.equal(nameIn('/x/bin/postgres -D /data/postgres'), 'postgres')
  assert.equal(nameIn('/usr/bin/tail -f /var/log/haproxy'), undefined)
  assert.equal(nameIn(''), undefined)
})

test('time and memory are read behind a name with blanks and brackets in it', () => {
  const stat = `42 (a ) b) S 1 1 1 0 -1 4194560 100 200 0 0 ${[7, 3, 20, 10].join(' ')} 20 0 11 0 100 1000000 512 18446744073709551615`
  assert.deepEqual(usageIn(stat), { cpuMs: 400, residentMiB: 2 })
})

test('a process that has ended is nobody’s', async () => {
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  assert.deepEqual([...usageBelow(child.pid ?? 0)], [])
})
