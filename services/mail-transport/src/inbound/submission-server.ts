import type { Account, DirectoryClient } from '@relais/proto/directory/v1/directory.ts'
import type { MailClient, SubmitHeader, SubmitRequest } from '@relais/proto/mail/v1/mail.ts'
import { type CallExtras, type Identity, inSpan, type Logger, terminal } from '@relais/service-kit'
import type {
  SMTPServerAddress,
  SMTPServerAuthentication,
  SMTPServerDataStream,
  SMTPServerSession,
} from 'smtp-server'
import { checkedMessage, traceOf } from './checked-message.ts'
import { MAX_RECIPIENTS } from './recipients.ts'
import { replyTo } from './replies.ts'
import { createMailServer, type MailServer, type ServerTls } from './server.ts'
import { wholeChunks } from './whole-chunks.ts'

export type SubmissionServerDeps = {
  readonly directory: DirectoryClient<CallExtras>
  readonly mail: MailClient<CallExtras>
  readonly clock: () => number
  readonly newId: () => string
  readonly logger: Logger
}

export type SubmissionServerOptions = {
  readonly serverName: string
  readonly maxMessageBytes: number
  readonly tls: ServerTls | undefined
  /** True: TLS from the first byte (RFC 8314); false: STARTTLS. */
  readonly implicitTls: boolean
  /** True only where nobody listens between: on loopback. */
  readonly passwordsInClear: boolean
}

const SUBMISSION_MS = 300_000

/** Takes mail from an account's programs, for anybody, from its own addresses only: RFC 6409. */
export const createSubmissionServer = (
  options: SubmissionServerOptions,
  deps: SubmissionServerDeps,
): MailServer =>
  createMailServer(
    {
      name: options.serverName,
      size: options.maxMessageBytes,
      secure: options.implicitTls,
      allowInsecureAuth: options.passwordsInClear,
      disabledCommands: options.tls === undefined ? ['STARTTLS'] : [],
      authMethods: ['PLAIN', 'LOGIN'],
      onConnect: (_session, done) => done(mayAuthenticate(options) ? null : noTls()),
      ...options.tls,
      onAuth: (auth, session, done) =>
        void signIn(auth, session, deps).then(
          (user) => done(null, { user }),
          (error) => done(replyTo(error)),
        ),
      onMailFrom: (address, session, done) => done(problemOfSender(address, session)),
      onRcptTo: (address, session, done) => done(problemOfRecipient(address, session)),
      onData: (stream, session, done) =>
        void inSpan('submission message', { kind: 'server', parent: '' }, () =>
          submit({ stream, session, options }, deps),
        ).then(
          () => done(null, '2.0.0 queued'),
          (error) => done(replyTo(error)),
        ),
    },
    deps.logger,
  )

/** Where there is no TLS to ask for, smtp-server takes passwords in the clear: whoever comes is told before saying one. */
const mayAuthenticate = ({ tls, implicitTls, passwordsInClear }: SubmissionServerOptions): boolean =>
  tls !== undefined || implicitTls || passwordsInClear

const noTls = (): Error =>
  Object.assign(new Error('5.7.11 there is no TLS here, and no password is taken without it'), {
    responseCode: 554,
  })

const GATEWAY: Identity = {
  tenant: '',
  principal: '',
  actor: { kind: 'service', id: 'mail-transport', device: '' },
}

const signIn = async (
  auth: SMTPServerAuthentication,
  session: SMTPServerSession,
  { directory }: SubmissionServerDeps,
) => {
  const request = {
    login: auth.username ?? '',
    domain: '',
    password: auth.password ?? '',
    scope: 'submission',
    clientAddress: session.remoteAddress,
  }
  const { account } = await directory.signIn(request, { identity: GATEWAY })
  if (account === undefined) throw terminal('BAD_CREDENTIALS', 'wrong name or password')
  return account
}

/** The signed-in account: smtp-server keeps what `signIn` gave it. */
const accountOf = (session: SMTPServerSession): Account => session.user

const problemOfSender = ({ address }: SMTPServerAddress, session: SMTPServerSession): Error | null =>
  isOwn(address, accountOf(session))
    ? null
    : replyTo(terminal('SENDER_NOT_ALLOWED', 'that is not one of your addresses'))

const isOwn = (address: string, { address: primary, aliases }: Account) =>
  [primary, ...aliases].some((own) => own.toLowerCase() === address.toLowerCase())

const problemOfRecipient = (
  { address }: SMTPServerAddress,
  { envelope }: SMTPServerSession,
): Error | null => {
  if (envelope.rcptTo.length >= MAX_RECIPIENTS)
    return replyTo(terminal('TOO_MANY_RECIPIENTS', `at most ${MAX_RECIPIENTS} recipients at once`))
  return /^[^\p{Cc}@]+@[^\p{Cc}\s@]+$/u.test(address)
    ? null
    : replyTo(terminal('BAD_ADDRESS', 'that is no address'))
}

type Submission = {
  readonly stream: SMTPServerDataStream
  readonly session: SMTPServerSession
  readonly options: SubmissionServerOptions
}

const submit = ({ stream, session, options }: Submission, deps: SubmissionServerDeps) => {
  const account = accountOf(session)
  const commandId = `submission:${deps.newId()}`
  const trace = traceOf(session, { server: options.serverName, id: commandId, at: deps.clock() })
  const { message, run } = checkedMessage(stream, options.maxMessageBytes, trace)
  const requests = submitRequests(headerOf(account, session, commandId), message)
  return run(() => deps.mail.submit(requests, { identity: ownerOf(account), timeoutMs: SUBMISSION_MS }))
}

const headerOf = (
  { tenant, account }: Account,
  { envelope }: SMTPServerSession,
  commandId: string,
): SubmitHeader => ({
  tenant,
  account,
  device: '',
  commandId,
  saveInSent: false,
  messageIdOnce: false,
  source: undefined,
  envelopeSender: envelope.mailFrom === false ? '' : envelope.mailFrom.address,
  envelopeRecipients: envelope.rcptTo.map(({ address }) => address),
})

async function* submitRequests(
  header: SubmitHeader,
  message: AsyncIterable<Uint8Array>,
): AsyncGenerator<SubmitRequest> {
  yield { part: { $case: 'header', value: header } }
  for await (const chunk of wholeChunks(message)) yield { part: { $case: 'chunk', value: chunk } }
}

const ownerOf = ({ tenant, account }: Account): Identity => ({
  tenant,
  principal: account,
  actor: { kind: 'account', id: account, device: '' },
})
