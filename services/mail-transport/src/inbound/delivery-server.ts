import { count, inSpan, type Logger, observe, secondsSince, terminal } from '@relais/service-kit'
import type { SMTPServerAddress, SMTPServerDataStream, SMTPServerSession } from 'smtp-server'
import { checkedMessage, traceOf } from './checked-message.ts'
import { type HandOverDeps, handOver, type Outcome } from './hand-over.ts'
import type { KnownRecipients } from './known-recipients.ts'
import { type LocalRecipient, MAX_RECIPIENTS } from './recipients.ts'
import { replyTo } from './replies.ts'
import { createMailServer, type MailServer, type ServerTls } from './server.ts'
import { createSessionRecipients } from './session-recipients.ts'
import { returnPathField } from './trace.ts'

export type DeliveryServerDeps = HandOverDeps & {
  readonly recipients: Pick<KnownRecipients, 'find'>
  readonly clock: () => number
  readonly newId: () => string
  readonly logger: Logger
}

export type DeliveryServerOptions = {
  /** lmtp: for the site's own mail server, a reply per recipient. smtp: as MX, one reply for all. */
  readonly protocol: 'lmtp' | 'smtp'
  readonly serverName: string
  readonly maxMessageBytes: number
  /** Without it STARTTLS isn't offered. */
  readonly tls: ServerTls | undefined
}

type Done<T = undefined> = (error?: Error | null, value?: T) => void

/** Takes mail for local recipients: RFC 2033 (LMTP) or RFC 5321 (SMTP). A 250 means that the message is on disk. */
export const createDeliveryServer = (
  options: DeliveryServerOptions,
  deps: DeliveryServerDeps,
): MailServer => {
  const recipients = createSessionRecipients()
  return createMailServer(
    {
      name: options.serverName,
      lmtp: options.protocol === 'lmtp',
      size: options.maxMessageBytes,
      authOptional: true,
      disabledCommands: options.tls === undefined ? ['AUTH', 'STARTTLS'] : ['AUTH'],
      ...options.tls,
      onRcptTo: (address, session, done) =>
        void addRecipient({ address, session, recipients }, deps).then(() => done(), refuse(done)),
      onData: (stream, session, done) => {
        const job = { stream, session, options, recipients: recipients.ofTransaction(session) }
        void takeMessageInSpan(job, deps).then((outcome) => answer(options, outcome, done), refuse(done))
      },
      onClose: (session) => void recipients.end(session),
    },
    deps.logger,
  )
}

const refuse = (done: Done<never>) => (error: unknown) => done(replyTo(error))

type Recipients = ReturnType<typeof createSessionRecipients>
type RcptTo = {
  readonly address: SMTPServerAddress
  readonly session: SMTPServerSession
  readonly recipients: Recipients
}

const addRecipient = async ({ address, session, recipients }: RcptTo, deps: DeliveryServerDeps) => {
  if (session.envelope.rcptTo.length >= MAX_RECIPIENTS)
    throw terminal('TOO_MANY_RECIPIENTS', `at most ${MAX_RECIPIENTS} recipients at once`)
  recipients.add(session, await deps.recipients.find(address.address))
}

type Message = {
  readonly stream: SMTPServerDataStream
  readonly session: SMTPServerSession
  readonly options: DeliveryServerOptions
  readonly recipients: readonly LocalRecipient[]
}

/** Where the trace of a message begins: whatever its sender says of traces isn't read. */
const takeMessageInSpan = (job: Message, deps: DeliveryServerDeps): Promise<Outcome> => {
  const { session, options, recipients } = job
  const { protocol } = options
  const start = performance.now()
  const attributes = {
    'relais.protocol': protocol,
    'relais.recipients': recipients.length,
    'relais.client_hash': session.remoteAddress,
  }
  return inSpan(
    `${protocol.toUpperCase()} message`,
    { kind: 'server', parent: '', attributes },
    async (span) => {
      const outcome = await takeMessage(job, deps)
      span.set({ 'relais.failed': tellOutcome(protocol, outcome) })
      observe('relais_delivery_seconds', { protocol }, { seconds: secondsSince(start) })
      return outcome
    },
  )
}

/** Counts recipients by what became of them; how many failed. */
const tellOutcome = (protocol: string, outcome: Outcome): number => {
  const failures = outcome.filter((error) => error !== undefined)
  const later = failures.filter((error) => replyTo(error).responseCode < 500).length
  count('relais_deliveries', { protocol, outcome: 'delivered' }, outcome.length - failures.length)
  count('relais_deliveries', { protocol, outcome: 'later' }, later)
  count('relais_deliveries', { protocol, outcome: 'refused' }, failures.length - later)
  return failures.length
}

const takeMessage = (
  { stream, session, options, recipients }: Message,
  deps: DeliveryServerDeps,
): Promise<Outcome> => {
  const receivedAt = deps.clock()
  const sender = session.envelope.mailFrom === false ? '' : session.envelope.mailFrom.address
  const commandId = `${options.protocol}:${deps.newId()}`
  const trace = traceOf(session, { server: options.serverName, id: commandId, at: receivedAt })
  const { message, run } = checkedMessage(stream, options.maxMessageBytes, returnPathField(sender) + trace)
  return run(() => handOver({ sender, recipients, receivedAt, commandId, message }, deps))
}

/** LMTP answers each recipient; SMTP has one answer, so any failure that may go away makes the sender try all again. */
const answer = (
  { protocol }: DeliveryServerOptions,
  outcome: Outcome,
  done: Done<string | (string | Error)[]>,
) => {
  const replies = outcome.map((error) => (error === undefined ? '2.0.0 delivered' : replyTo(error)))
  if (protocol === 'lmtp') return done(null, replies)
  const failures = replies.filter((reply) => typeof reply !== 'string')
  const worst = failures.find(({ responseCode }) => responseCode < 500) ?? failures[0]
  return worst === undefined ? done(null, '2.0.0 delivered') : done(worst)
}
