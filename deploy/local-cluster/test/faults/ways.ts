import { startTcpProxy, type TcpProxy } from '@relais/servers/tcp-proxy.ts'
import type { Cluster } from '../../src/cluster.ts'
import type { Victims } from './fault-lines.ts'
import type { MailPort } from './mail-conversation.ts'

/** Ways in that can be hurt: phones and senders then don't know what became of what they said. */
export type Ways = {
  readonly phones: TcpProxy
  readonly mail: readonly MailPort[]
  readonly cuts: Victims['cuts']
  close(): Promise<void>
}

export const openWays = async ({ ports }: Cluster): Promise<Ways> => {
  const phones = await startTcpProxy(ports.eas)
  const lmtp = await startTcpProxy(ports.lmtp)
  const smtp = await startTcpProxy(ports.smtp)
  const named = [
    ['phones', phones],
    ['LMTP', lmtp],
    ['SMTP', smtp],
  ] as const
  return {
    phones,
    mail: [
      { protocol: 'lmtp', port: lmtp.port },
      { protocol: 'smtp', port: smtp.port },
    ],
    cuts: named.flatMap(([name, proxy]) => cutsOf(name, proxy)),
    close: async () => void (await Promise.all(named.map(([, proxy]) => proxy.close()))),
  }
}

/** One at a time: what takes one of them back would take back the other too. */
const cutsOf = (name: string, proxy: TcpProxy): Victims['cuts'] => {
  const mend = async () => proxy.become('open')
  return [
    { name: `connections of ${name}`, claims: [name], cut: async () => proxy.become('cut'), mend },
    { name: `answers to ${name}`, claims: [name], cut: async () => proxy.become('deaf'), mend },
  ]
}
