import type { AutomaticReplies, AutomaticReply } from '@relais/proto/mail/v1/message.ts'
import type { Command } from 'commander'
import { accountOf, asOperatorFor } from '../accounts.ts'
import { moment } from '../output.ts'
import type { Act, Session } from '../session.ts'
import { UsageError } from '../usage-error.ts'

export const addAutomaticReplyCommands = (program: Command, act: Act) => {
  const replies = program
    .command('automatic-replies')
    .description('what an account answers while its owner is away')
  replies
    .command('show <address>')
    .description('texts, times, and how many senders were answered')
    .action(act(show))
  replies
    .command('on <address>')
    .description('turn them on; a text that is not given stays as it is')
    .option('--inside <text>', 'to senders of the same tenant')
    .option('--outside-known <text>', 'to others that the owner has written to before')
    .option('--outside-unknown <text>', 'to all others')
    .option('--html', 'the texts are HTML', false)
    .option('--from <time>', 'from then on, e.g. 2026-12-24T12:00Z')
    .option('--until <time>', 'until then')
    .action(act(turnOn))
  replies.command('off <address>').description('turn them off; the texts stay').action(act(turnOff))
}

const text = (reply: AutomaticReply | undefined): string => (reply?.enabled ? reply.text : '-')

const show = async ({ connection, output }: Session, address: string) => {
  const account = await accountOf(connection, address)
  const { tenant, account: id } = account
  const { replies, answered } = await connection.mail.getAutomaticReplies(
    { tenant, account: id, type: 'plain' },
    asOperatorFor(account),
  )
  const state = replies?.state ?? 'off'
  output.rows([
    {
      state,
      from: moment(replies?.start ?? 0),
      until: moment(replies?.end ?? 0),
      inside: text(replies?.inside),
      'outside, known': text(replies?.outsideKnown),
      'outside, unknown': text(replies?.outsideUnknown),
      'senders answered': state === 'off' ? 0 : answered,
    },
  ])
}

type Options = {
  readonly inside?: string
  readonly outsideKnown?: string
  readonly outsideUnknown?: string
  readonly html: boolean
  readonly from?: string
  readonly until?: string
}

const timeOf = (value: string): number => {
  const at = Date.parse(value)
  if (Number.isNaN(at)) throw new UsageError(`${value} isn't a time such as 2026-12-24T12:00Z`)
  return at
}

const timesOf = ({ from, until }: Options): Pick<AutomaticReplies, 'state' | 'start' | 'end'> => {
  if (from === undefined && until === undefined) return { state: 'on', start: 0, end: 0 }
  if (until === undefined) throw new UsageError('say --until as well')
  return { state: 'timed', start: from === undefined ? Date.now() : timeOf(from), end: timeOf(until) }
}

const repliesOf = (options: Options): AutomaticReplies => {
  const type = options.html ? 'html' : 'plain'
  const reply = (text: string | undefined) =>
    text === undefined ? undefined : { enabled: text !== '', type, text }
  return {
    ...timesOf(options),
    inside: reply(options.inside),
    outsideKnown: reply(options.outsideKnown),
    outsideUnknown: reply(options.outsideUnknown),
  }
}

const set = async ({ connection }: Session, address: string, replies: AutomaticReplies) => {
  const account = await accountOf(connection, address)
  const { tenant, account: id } = account
  await connection.mail.setAutomaticReplies({ tenant, account: id, replies }, asOperatorFor(account))
}

const turnOn = async (session: Session, address: string, options: Options) => {
  const replies = repliesOf(options)
  await set(session, address, replies)
  session.output.done(`automatic replies of ${address} are on`, { address, state: replies.state })
}

const turnOff = async (session: Session, address: string) => {
  const none = { start: 0, end: 0, inside: undefined, outsideKnown: undefined, outsideUnknown: undefined }
  await set(session, address, { state: 'off', ...none })
  session.output.done(`automatic replies of ${address} are off`, { address, state: 'off' })
}
