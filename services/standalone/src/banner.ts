import { toString as drawQr } from 'qrcode'
import { inUrl } from './addresses.ts'
import type { DemoAccount } from './first-content/demo.ts'

export type Ports = {
  readonly eas: number
  readonly admin: number
  readonly lmtp: number
  readonly smtp: number
  readonly submission: number
}

export type BannerFacts = {
  readonly dataFolder: string
  readonly secure: boolean
  /** Hosts by which phones reach this machine, the best one first; loopback only if it isn't exposed. */
  readonly hosts: readonly string[]
  readonly exposed: boolean
  /** The address that it was told to listen on. */
  readonly host?: string | undefined
  /** True: the certificate is one that no phone knows yet. */
  readonly selfSigned: boolean
  readonly ports: Ports
  /** Only at the start that made them. */
  readonly demoAccounts: readonly DemoAccount[]
}

/** What the person who started Relais reads: where everything is, and what to type into a phone. */
export const banner = async (facts: BannerFacts): Promise<string> =>
  [
    `Relais is ready. Its data is in ${facts.dataFolder}.`,
    endpoints(facts),
    accounts(facts),
    facts.exposed ? await onPhones(facts) : onThisMachine(facts),
    'Ctrl-C ends it; phones that wait are answered first.',
  ]
    .filter((part) => part !== '')
    .join('\n\n')

const onThisMachine = ({ host, secure }: BannerFacts): string => {
  if (host === undefined) return LOOPBACK_ONLY
  return `It listens on ${host}, ${secure ? 'over TLS' : 'in the clear: put TLS before it'}.`
}

const LOOPBACK_ONLY =
  'Only this machine reaches it. To add a phone on this network, start it with: npm start -- --expose'

const scheme = ({ secure }: BannerFacts) => (secure ? 'https' : 'http')

export const serverOf = ({ hosts, ports }: Pick<BannerFacts, 'hosts' | 'ports'>): string =>
  `${inUrl(hosts[0] ?? '127.0.0.1')}:${ports.eas}`

const endpoints = (facts: BannerFacts): string => {
  const { ports } = facts
  const loopback = facts.exposed ? '127.0.0.1' : inUrl(facts.hosts[0] ?? '127.0.0.1')
  return [
    `  Phones           ${scheme(facts)}://${serverOf(facts)}/Microsoft-Server-ActiveSync`,
    ...facts.hosts.slice(1).map((host) => `                   also by ${inUrl(host)}:${ports.eas}`),
    `  Administration   ${scheme(facts)}://${loopback}:${ports.admin}   (./relais --help)`,
    `  Mail arrives     LMTP ${loopback}:${ports.lmtp}, SMTP ${loopback}:${ports.smtp}`,
    `  Mail is sent     submission ${loopback}:${ports.submission}`,
  ].join('\n')
}

const accounts = ({ demoAccounts }: BannerFacts): string => {
  if (demoAccounts.length === 0) return ''
  const lines = demoAccounts.map(({ address, password }) => `  ${address.padEnd(20)} ${password}`)
  return `Accounts of the demo (the passwords are shown this once):\n${lines.join('\n')}`
}

const onPhones = async (facts: BannerFacts): Promise<string> => {
  const address = facts.demoAccounts[0]?.address ?? 'you@your.example'
  const server = serverOf(facts)
  return [
    'Add it to a phone on this network:',
    `  iPhone, iPad   Settings > Apps > Mail > Mail Accounts > Add Account > Microsoft Exchange > ${address} >`,
    `                 Configure Manually > Server ${server}, Domain empty, Username ${address}, the password`,
    `  Android        Gmail or Samsung Email > Add account > Exchange > ${address} > Manual setup >`,
    `                 Server ${facts.hosts[0]}, Port ${facts.ports.eas}, Security SSL/TLS${facts.selfSigned ? ' (accept all certificates)' : ''}`,
    `  Outlook        Add Email Account > ${address} > Not Office365/Exchange > Exchange ActiveSync > Server ${server}`,
    ...(facts.selfSigned
      ? [
          '  The certificate was generated here: say Continue or Trust when the phone asks. Outlook wants a public name.',
        ]
      : []),
    '',
    `These steps, on the phone itself: ${scheme(facts)}://${server}/`,
    (await drawQr(`${scheme(facts)}://${server}/`, { type: 'utf8', errorCorrectionLevel: 'L' })).trimEnd(),
  ].join('\n')
}
