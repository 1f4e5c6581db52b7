import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { useMetrics } from '@relais/service-kit/telemetry/metrics.ts'
import { openTelemetryTracer } from '@relais/service-kit/telemetry/open-telemetry.ts'
import { openMetrics } from '@relais/service-kit/telemetry/prometheus.ts'
import { useTracer } from '@relais/service-kit/telemetry/spans.ts'
import { configurationSchema } from '../../../services/standalone/src/configuration.ts'
import { startStandalone } from '../../../services/standalone/src/standalone.ts'
import { type Figure, median } from '../figure.ts'
import { loadAccounts } from '../installation.ts'
import { ACCOUNTS, type LoadAnswer, type LoadRequest } from './telemetry-load.ts'

/** Part of the requests that are recorded by default. */
const SANE = 0.01

type Kind = LoadRequest['kind']

/** Slices are short and many, and the process is one and the same: what else the machine does meets all alike. */
const SLICES: Readonly<Record<Kind, { readonly rounds: number; readonly ms: number }>> = {
  syncs: { rounds: 80, ms: 120 },
  deliveries: { rounds: 50, ms: 400 },
}

/** Processor time that a request costs with and without telemetry, switched in turns in one process; load from another process. */
export const benchTelemetry = async (): Promise<Figure[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-bench-'))
  const collector = await startSink()
  const relais = await startRelais(folder)
  const load = fork(fileURLToPath(new URL('telemetry-load.ts', import.meta.url)), [relais.eas, relais.lmtp])
  try {
    await once(load, 'message')
    const variants = variantsOf(collector.url)
    return [
      ...(await costs('Sync without changes, 32 at once', { load, kind: 'syncs', variants })),
      ...(await costs('deliveries over LMTP, 16 connections', { load, kind: 'deliveries', variants })),
    ]
  } finally {
    load.kill()
    await relais.stop()
    collector.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

const startRelais = async (folder: string) => {
  const seed = join(folder, 'seed.json')
  const ready = join(folder, 'ready.json')
  writeFileSync(
    seed,
    JSON.stringify({
      tenants: [{ name: 'Load', domains: ['load.example'], accounts: loadAccounts(ACCOUNTS) }],
    }),
  )
  const ports = { port: 0, adminPort: 0, lmtpPort: 0, smtpPort: 0, submissionPort: 0 }
  const configuration = configurationSchema.parse({
    ...{ ...ports, seed, readyFile: ready, ephemeral: true, throwAway: true },
    ...{ tls: {}, telemetry: {}, logLevel: 'warn' },
  })
  const started = await startStandalone(configuration, { say: () => {}, machine: 'bench' })
  const { eas, lmtp }: { eas: string; lmtp: string } = JSON.parse(readFileSync(ready, 'utf8'))
  return {
    eas: new URL(eas).port,
    lmtp: lmtp.split(':')[1] ?? '',
    stop: async () => {
      await started.lifecycle.stop()
      started.afterwards()
    },
  }
}

type Variant = { readonly name: string; use(): void }

const variantsOf = (endpoint: string): readonly [Variant, ...Variant[]] => {
  const metrics = openMetrics()
  const tracer = (sampleRatio: number) =>
    openTelemetryTracer({ endpoint, sampleRatio, service: 'relais', version: '0', onExport: () => {} })
  const [some, every] = [tracer(SANE), tracer(1)]
  const variant = (name: string, sink?: typeof metrics, by?: typeof some): Variant => ({
    name,
    use: () => {
      useMetrics(sink)
      useTracer(by)
    },
  })
  return [
    variant('telemetry off'),
    variant('figures alone', metrics),
    variant(`figures and ${SANE * 100} % of traces`, metrics, some),
    variant('figures and every trace', metrics, every),
  ]
}

type Measuring = {
  readonly load: ChildProcess
  readonly kind: Kind
  readonly variants: readonly [Variant, ...Variant[]]
}

/** Microseconds of processor time for each request, by variant and round. Rounds begin with one variant after the other. */
const costsByRound = async ({ load, kind, variants }: Measuring): Promise<number[][]> => {
  const spent = variants.map((): number[] => [])
  const { rounds, ms } = SLICES[kind]
  for (let round = -4; round < rounds; round++)
    for (let turn = 0; turn < variants.length; turn++) {
      // In both directions, so that none always follows the same one.
      const at = (round + 8 + (round % 2 === 0 ? turn : variants.length - turn)) % variants.length
      const each = await slice(load, variants[at]!, { kind, ms })
      if (round >= 0) spent[at]!.push(each)
    }
  variants[0].use()
  return spent
}

const slice = async (load: ChildProcess, variant: Variant, request: LoadRequest): Promise<number> => {
  variant.use()
  const before = process.cpuUsage()
  load.send(request)
  const [{ done }] = (await once(load, 'message')) as [LoadAnswer]
  const { user, system } = process.cpuUsage(before)
  return (user + system) / done
}

const costs = async (what: string, measuring: Measuring): Promise<Figure[]> => {
  const [off = [], ...others] = await costsByRound(measuring)
  return [
    { name: `${what}, telemetry off: processor for each`, value: median(off), unit: 'µs' },
    ...others.map((spent, n): Figure => {
      const name = `${what}, ${measuring.variants[n + 1]?.name}: more processor`
      const more = median(spent.map((each, round) => (each / off[round]! - 1) * 100))
      return { name, value: more, unit: '%', ...(n === 1 ? { atMost: 5 } : {}) }
    }),
  ]
}

/** Stands where the collector is: it takes everything at once, so that what is measured is Relais. */
const startSink = async () => {
  const server = createServer((request, response) => {
    request.resume()
    request.once('end', () => response.writeHead(200).end())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
