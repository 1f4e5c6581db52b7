import { serverOf } from '@relais/standalone/banner.ts'
import type { Cluster } from './cluster.ts'

/** What the person who started it reads: where everything is, and what to type. */
export const clusterBanner = ({ data, ports, servers, services, demoAccounts }: Cluster): string =>
  [
    `Relais is ready, each service as a process of its own. Its data is in ${data}.`,
    [
      `  Phones           http://${serverOf({ hosts: ['127.0.0.1'], ports })}/Microsoft-Server-ActiveSync   (HAProxy, ${ports.phones.length} device-syncs)`,
      `  Administration   https://127.0.0.1:${ports.admin}   (./relais --data ${data} --help)`,
      `  Mail arrives     LMTP 127.0.0.1:${ports.lmtp}, SMTP 127.0.0.1:${ports.smtp}`,
      `  Mail is sent     submission 127.0.0.1:${ports.submission}`,
    ].join('\n'),
    ['Servers:', ...servers.map(([name, address]) => `  ${name.padEnd(16)} ${address}`)].join('\n'),
    [
      'Services (their logs are in processes/NAME.log):',
      ...services.map(
        ({ name, health, process: { pid } }) =>
          `  ${name.padEnd(16)} http://127.0.0.1:${health}/readyz   (process ${pid})`,
      ),
    ].join('\n'),
    ...(demoAccounts.length === 0
      ? []
      : [
          [
            'Accounts of the demo (the passwords are shown this once):',
            ...demoAccounts.map(({ address, password }) => `  ${address.padEnd(20)} ${password}`),
          ].join('\n'),
        ]),
    'Ctrl-C ends it: phones that wait are answered first, then services stop, then servers.',
  ].join('\n\n')
