import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { retryable } from '../errors.ts'
import type { Exposition } from './prometheus.ts'

/** Answers a GET of /metrics. */
export const answerMetrics = async (response: ServerResponse, exposition: Exposition): Promise<void> => {
  try {
    const text = await exposition.text()
    response.writeHead(200, { 'content-type': exposition.contentType, 'cache-control': 'no-store' })
    response.end(text)
  } catch {
    response.writeHead(500, { 'content-type': 'text/plain' }).end('the figures could not be read\n')
  }
}

export type MetricsServer = {
  /** Port 0: any free one. Errors: LISTEN_FAILED. */
  listen(host: string, port: number): Promise<{ port: number }>
  close(): void
}

/** An HTTP server that has /metrics and nothing else, for a process that has no port for its probes. */
export const createMetricsServer = (exposition: Exposition): MetricsServer => {
  const server = createServer({ requestTimeout: 5_000 }, (request, response) => {
    request.resume()
    const path = (request.url ?? '').split('?', 1)[0]
    if (path !== '/metrics') response.writeHead(404).end()
    else if (request.method !== 'GET') response.writeHead(405, { Allow: 'GET' }).end()
    else void answerMetrics(response, exposition)
  })
  return {
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        server.once('error', (error) =>
          reject(
            retryable('LISTEN_FAILED', `can't listen on ${host}:${port}: ${error.message}`, { cause: error }),
          ),
        )
        server.listen(port, host, () => resolve({ port: (server.address() as AddressInfo).port }))
      }),
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
