import { readdirSync, readFileSync } from 'node:fs'
import { LmtpSender } from '../phone/lmtp-sender.ts'
import { message } from '../phone/messages.ts'
import { loadAccounts, startInstallation } from './installation.ts'
import { inParallel } from './product/in-parallel.ts'

const stat = () => {
  const all = new Map<number, { ppid: number; cpu: number; name: string }>()
  for (const p of readdirSync('/proc')) {
    if (!/^\d+$/.test(p)) continue
    try {
      const s = readFileSync(`/proc/${p}/stat`, 'utf8')
      const rest = s.slice(s.lastIndexOf(')') + 2).split(' ')
      const cmd = readFileSync(`/proc/${p}/cmdline`, 'utf8').split('\0')
      const m = /services\/([a-z-]+)\//.exec(cmd.join(' '))
      const name = m ? m[1]! : cmd[0]!.split('/').pop()!.split(' ')[0]!.replace(/:$/, '')
      all.set(+p, { ppid: +rest[1]!, cpu: (+rest[11]! + +rest[12]!) * 10, name })
    } catch {}
  }
  return all
}
const mine = () => {
  const all = stat()
  const sums = new Map<string, number>()
  const isMine = (p: number): boolean => {
    for (let q = p; q > 1; q = all.get(q)?.ppid ?? 0) if (q === process.pid) return true
    return false
  }
  for (const [p, { cpu, name }] of all)
    if (isMine(p))
      sums.set(
        p === process.pid ? 'generator' : name,
        (sums.get(p === process.pid ? 'generator' : name) ?? 0) + cpu,
      )
  return sums
}
const N = 3000
const installation = await startInstallation({
  target: { form: 'cluster', root: '/work/main' },
  accounts: loadAccounts(64),
  flags: ['--max-message-bytes', '60000000'],
})
try {
  const { host, port } = installation.lmtp
  const senders = await Promise.all(Array.from({ length: 16 }, () => LmtpSender.connect(host, port)))
  const messages = Array.from({ length: 200 }, (_, n) => message(n))
  const send = (count: number) =>
    inParallel(16, 16, async (lane) => {
      for (let n = lane; n < count; n += 16)
        await senders[lane]!.deliver(`u${n % 64}@load.example`, messages[n % messages.length]!)
    })
  await send(800)
  const a = mine(),
    t = performance.now()
  await send(N)
  const secs = (performance.now() - t) / 1000
  const b = mine()
  let total = 0
  const out = [...b].map(([k, v]) => [k, (v - (a.get(k) ?? 0)) / N] as const).sort((x, y) => y[1] - x[1])
  for (const [, v] of out) total += v
  console.log(
    'rate',
    (N / secs).toFixed(0),
    'cpu ms/delivery',
    total.toFixed(2),
    out
      .filter(([, v]) => v > 0.02)
      .map(([k, v]) => `${k} ${v.toFixed(2)}`)
      .join(', '),
  )
  for (const s of senders) s.close()
} finally {
  await installation.kill()
}
process.exit(0)
