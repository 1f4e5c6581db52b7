import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { NetworkName } from '../eas/plan.ts'
import type { Measurements } from '../load/measurements.ts'
import { LINKS, type Network, startNetwork } from '../load/networks.ts'
import { UsageError } from '../load/options.ts'
import type { Crowd } from '../simulator/crowd.ts'
import type { Share } from '../simulator/share.ts'
import { writeBundle } from './bundle.ts'
import type { K6Order } from './order.ts'
import { takeSample } from './samples.ts'

type K6Share = Omit<Share, 'first' | 'count'> & { readonly program: string }

/** Makes everything ready for k6 to lead the plan's phones; what it tells goes into `measurements`. Errors: UsageError for what k6 can't do. */
export const prepareK6 = async (share: K6Share, measurements: Measurements): Promise<Crowd> => {
  refuseWhatCannotBe(share)
  const folder = mkdtempSync(join(tmpdir(), 'relais-k6-'))
  const networks = await startNetworks(share)
  const clean = async () => {
    for (const network of networks.values()) await network.close()
    rmSync(folder, { recursive: true, force: true })
  }
  const files = { folder, script: join(folder, 'phones.js'), order: join(folder, 'order.json') }
  try {
    await writeBundle(files.script)
  } catch (error) {
    await clean()
    throw error
  }
  const start = (began: number): ChildProcess => {
    writeFileSync(files.order, JSON.stringify(orderOf(share, networks, began)), { mode: 0o600 })
    const child = spawnK6(share, files)
    createInterface({ input: child.stdout! }).on('line', (line) => takeSample(line, began, measurements))
    return child
  }
  return crowdOf(start, clean)
}

/** The client of k6 chooses neither its own address nor whom a certificate must name. */
const refuseWhatCannotBe = ({ target, plan }: K6Share): void => {
  if (target.from.length > 0) throw new UsageError('--from: only the simulator can')
  const hasNetworks = Object.entries(plan.networks).some(([name, weight]) => name !== 'good' && weight > 0)
  if (hasNetworks && target.url.startsWith('https:') && !target.insecure)
    throw new UsageError(
      'slow networks over TLS: with k6 only together with --insecure, or take the simulator',
    )
}

const startNetworks = async ({ target, plan }: K6Share): Promise<ReadonlyMap<NetworkName, Network>> => {
  const url = new URL(target.url)
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
  const networks = new Map<NetworkName, Network>()
  for (const name of ['slow', 'bad'] as const)
    if ((plan.networks[name] ?? 0) > 0)
      networks.set(
        name,
        await startNetwork({ host: url.hostname.replace(/^\[|\]$/g, ''), port }, LINKS[name]),
      )
  return networks
}

const PLACE = '/Microsoft-Server-ActiveSync'

const orderOf = (share: K6Share, networks: ReadonlyMap<NetworkName, Network>, began: number): K6Order => {
  const { plan, accounts, target, seed } = share
  const { protocol, pathname, host } = new URL(target.url)
  const path = `${pathname.replace(/\/$/, '')}${PLACE}`
  const urlOf = (name: NetworkName): string => {
    const network = networks.get(name)
    return `${protocol}//${network === undefined ? host : `127.0.0.1:${network.port}`}${path}`
  }
  const urls = { good: urlOf('good'), slow: urlOf('slow'), bad: urlOf('bad') }
  return { plan, accounts, urls, host, insecure: target.insecure, began, seed }
}

type Files = { readonly folder: string; readonly script: string; readonly order: string }

const spawnK6 = ({ program, target }: K6Share, { folder, script, order }: Files): ChildProcess => {
  const ca = join(folder, 'ca.pem')
  if (target.ca !== undefined) writeFileSync(ca, target.ca)
  const quiet = ['--quiet', '--no-usage-report', '--summary-mode=disabled', '--no-color']
  const args = ['run', ...quiet, '--out', 'json=-', '--address', '', '--log-output', 'stderr']
  const child = spawn(program, [...args, script], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      RELAIS_ORDER: order,
      ...(target.ca !== undefined && { SSL_CERT_FILE: ca }),
    },
  })
  const end = () => void child.kill('SIGKILL')
  process.once('exit', end)
  child.once('exit', () => process.off('exit', end))
  return child
}

/** What k6 says of its own; the last of it, if it fails. */
const MOST_SAID = 4000
/** Of k6: a threshold was missed; it was ended from outside. */
const NOT_BROKEN = [0, 99, 105]
const LOOK_MS = 1000

const crowdOf = (start: (began: number) => ChildProcess, clean: () => Promise<void>): Crowd => {
  const started = Promise.withResolvers<ChildProcess>()
  let child: ChildProcess | undefined
  let most = 0
  const timer = setInterval(() => {
    most = Math.max(most, residentMiB(child?.pid))
  }, LOOK_MS)
  const ended = started.promise.then(untilItEnds).finally(() => {
    clearInterval(timer)
    return clean()
  })
  const begin = (began: number) => {
    child = start(began)
    started.resolve(child)
  }
  return { begin, ended, residentMiB: () => most, stop: () => void child?.kill('SIGINT') }
}

const untilItEnds = async (child: ChildProcess): Promise<void> => {
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-MOST_SAID)
  })
  const [code] = await once(child, 'close')
  if (!NOT_BROKEN.includes(code)) throw new Error(`k6 ended with ${code}: ${said.trim().split('\n').at(-1)}`)
}

const residentMiB = (pid: number | undefined): number => {
  try {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}
