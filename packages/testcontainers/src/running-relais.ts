import { deliver, type Mail, mailsIn, READ_MAILDIR, type ReceivedMail } from './mail.ts'
import { type Plan, passwordOf } from './plan.ts'

export type Address = { readonly host: string; readonly port: number }

/** What whoever starts Relais knows of it. */
export type Place = {
  /** URL without a path. */
  readonly eas: string
  readonly admin: { readonly url: string; readonly token: string; readonly ca?: string }
  readonly lmtp: Address
  readonly smtp: Address
  readonly submission: Address
  /** Runs Node where the command line is, and resolves with what it printed. Errors: it ended with anything but 0. */
  node(args: readonly string[]): Promise<string>
  /** The command line's program and its options there. */
  readonly commandLine: readonly string[]
  /** A new folder there may be made below this one. */
  readonly folder: string
  stop(): Promise<void>
}

/** An installation that a test uses: the same in a container, in several, and in processes of this machine. */
export type RunningRelais = {
  /** `http://localhost:32768/Microsoft-Server-ActiveSync` */
  readonly eas: string
  /** gRPC: URL, the administrator's token, and the certificate to trust where there is one. */
  readonly admin: { readonly url: string; readonly token: string; readonly ca?: string }
  readonly lmtp: Address
  readonly smtp: Address
  readonly submission: Address
  /** Of an account that it began with. */
  password(address: string): string
  /** Puts a message in by LMTP; resolves when it is stored. */
  deliver(mail: Mail): Promise<void>
  /** All mail of an account, mailbox by mailbox, as it is now. */
  mail(address: string): Promise<readonly ReceivedMail[]>
  /** Any command of docs/reference/command-line.md: `administer('device', 'list', 'anna@test.example')`; resolves with its answer. */
  administer(...args: string[]): Promise<unknown>
  /** Ends it and removes what it had. */
  stop(): Promise<void>
}

/** What starts an installation. */
export type Relais = {
  withTenant(name: string, ...domains: string[]): Relais
  withAccounts(...accounts: (string | { address: string; password?: string; name?: string })[]): Relais
  withSettings(settings: Readonly<Record<string, string>>): Relais
  start(): Promise<RunningRelais>
}

export const runningRelais = (place: Place, plan: Plan): RunningRelais => {
  const command = (args: readonly string[]) => place.node([...place.commandLine, '--json', ...args])
  let exports = 0
  return {
    ...{ admin: place.admin, lmtp: place.lmtp, smtp: place.smtp, submission: place.submission },
    eas: `${place.eas}/Microsoft-Server-ActiveSync`,
    password: (address) => passwordOf(plan, address),
    deliver: (mail) => deliver(place.lmtp, mail),
    mail: async (address) => {
      const folder = `${place.folder}/mail-${++exports}`
      await command(['mail', 'export', address, folder, '--format', 'maildir'])
      return mailsIn(await place.node(['-e', READ_MAILDIR, folder]))
    },
    administer: async (...args) => answerIn(await command(args)),
    stop: () => place.stop(),
  }
}

/** Commands that have nothing to say print nothing. */
const answerIn = (printed: string): unknown => (printed.trim() === '' ? undefined : JSON.parse(printed))
