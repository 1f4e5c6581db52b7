import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerMetrics, type Exposition, type Health, retryable } from '@relais/service-kit'

/** What the three probes ask for. */
export type Probed = {
  /** Of all parts, as the lifecycle tells it. */
  health(): Health
  /** Rows are built up to the head that the log had at the start; stays true. */
  started(): boolean
  /** The process goes away. */
  draining(): boolean
}

/** An answer: whether, and in words why not. */
export type Verdict = { readonly ok: boolean; readonly reasons: readonly string[] }

const because = (ok: boolean, reasons: readonly string[]): Verdict => ({ ok, reasons: ok ? [] : reasons })

/** The three questions, which are three: each has answers that the others don't have. */
export const VERDICTS: Readonly<Record<string, (probed: Probed) => Verdict>> = {
  /** Would a restart help? What is missing outside is no reason: a restart doesn't bring it back. */
  '/livez': (probed) => {
    const { live, components } = probed.health()
    return because(live, components.filter((one) => !one.live).map(inWords))
  },
  /** Can it serve now? */
  '/readyz': (probed) => {
    const { ready, components } = probed.health()
    if (probed.draining()) return because(false, ['draining'])
    const missing = components.filter((one) => !one.ready).map(inWords)
    return because(ready, missing.length === 0 ? ['starting'] : missing)
  },
  /** Has it caught up once? Before that nobody asks the two others. */
  '/startupz': (probed) => because(probed.started(), ['rows are being built']),
}

const inWords = ({ name, reason }: Health['components'][number]): string =>
  `${name}: ${reason ?? 'not ready'}`

/** The HTTP port of the probes and figures, for an orchestrator inside the network. It answers from the first moment on. */
export type ProbeServer = {
  /** Port 0: any free one. Errors: LISTEN_FAILED. */
  listen(host: string, port: number): Promise<{ port: number }>
  close(): void
}

export const createProbeServer = (probed: Probed, exposition?: Exposition): ProbeServer => {
  const server = createServer({ requestTimeout: 5_000 }, (request, response) => {
    const path = (request.url ?? '').split('?', 1)[0] ?? ''
    const verdict = Object.hasOwn(VERDICTS, path) ? VERDICTS[path]?.(probed) : undefined
    request.resume()
    if (request.method !== 'GET' && request.method !== 'HEAD') answer(response, 405, 'GET only\n')
    else if (path === '/metrics' && exposition !== undefined) void answerMetrics(response, exposition)
    else if (verdict === undefined) answer(response, 404, `${Object.keys(VERDICTS).join(' ')}\n`)
    else answer(response, verdict.ok ? 200 : 503, `${verdict.ok ? 'ok' : verdict.reasons.join('\n')}\n`)
  })
  return {
    listen: (host, port) => listen(server, host, port),
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

const answer = (response: ServerResponse, status: number, text: string): void => {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' })
  response.end(text)
}

const listen = (server: Server, host: string, port: number) =>
  new Promise<{ port: number }>((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        retryable('LISTEN_FAILED', `can't listen on ${host}:${port}: ${error.message}`, { cause: error }),
      ),
    )
    server.listen(port, host, () => resolve({ port: (server.address() as AddressInfo).port }))
  })
