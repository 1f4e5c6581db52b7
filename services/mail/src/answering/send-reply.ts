import type { MessageDelivered } from '@relais/proto/mail/v1/events.ts'
import { type AutomaticReply, Envelope } from '@relais/proto/mail/v1/message.ts'
import { foldAddress, type MailAccount } from '../accounts/account.ts'
import { type Audience, type RepliesState, replyTo } from '../automatic-replies/automatic-replies.ts'
import { type Arrived, decideReply, isDue, RATE_WINDOW_MS } from '../automatic-replies/decide.ts'
import { replyMessage } from '../automatic-replies/reply-message.ts'
import { addressedAs, suppressedBy } from '../automatic-replies/suppress.ts'
import type { Command } from '../commands/streams.ts'
import type { Caller } from '../process/as-service.ts'
import type { AccountKey } from '../queries/account.ts'
import { isCorrespondent, repliesState } from '../queries/automatic-replies.ts'
import { type HeaderField, headerEnd, MAX_HEADER_BYTES, parseHeader } from '../submission/header.ts'
import { isAddress } from '../submission/prepare.ts'
import type { AnsweringDeps } from './answering.ts'

/** One delivery to an account that answers automatically. */
export type Delivered = AccountKey & {
  readonly event: MessageDelivered
  /** Position of its commit, and its time. */
  readonly delivery: number
  readonly at: number
  readonly call: Caller
}

/** Mail that is taken for junk isn't answered: its sender is forged. */
const NOT_ANSWERED = new Set(['junk', 'trash'])

/** Answers one message, if it is to be answered at all; the second time nothing happens. */
export const sendReply = async (deps: AnsweringDeps, delivered: Delivered): Promise<void> => {
  const sender = foldAddress(delivered.event.envelopeSender)
  if (!isAddress(delivered.event.envelopeSender) || NOT_ANSWERED.has(delivered.event.mailbox)) return
  const state = await stateOf(deps, delivered, sender)
  if (!isDue(state, arrivedOf(deps, delivered))) return
  const letter = await answerable(deps, delivered, sender)
  const audience = letter && (await audienceOf(deps, delivered, sender))
  const reply = audience && replyTo(state.replies, audience)
  if (reply) await send(deps, delivered, { ...letter, sender, audience, reply })
}

const arrivedOf = ({ clock, limits }: AnsweringDeps, { delivery, at }: Delivered): Arrived => ({
  ...{ delivery, at },
  now: clock(),
  perHour: limits.automaticRepliesPerHour,
})

const stateOf = (
  { projector, clock }: AnsweringDeps,
  key: AccountKey,
  sender: string,
): Promise<RepliesState> =>
  projector.store.snapshot((reader) => repliesState(reader, key, { sender, after: clock() - RATE_WINDOW_MS }))

const headerOf = async (
  { blobs }: AnsweringDeps,
  { tenant, event }: Delivered,
): Promise<readonly HeaderField[]> => {
  const { blob, size } = event.content!
  const start = await blobs.get(tenant, blob, { offset: 0, length: Math.min(size, MAX_HEADER_BYTES) })
  const section = Buffer.from(start).toString('latin1', 0, headerEnd(start) ?? start.length)
  return parseHeader(section.endsWith('\n') ? section : `${section}\n`)
}

type Answerable = { readonly account: MailAccount; readonly from: string }

/** The account, and the address of its own that the message named; undefined: it isn't answered. */
const answerable = async (
  deps: AnsweringDeps,
  delivered: Delivered,
  sender: string,
): Promise<Answerable | undefined> => {
  const account = await deps.accounts.find(delivered)
  if (!account?.active || account.addresses.length === 0) return undefined
  const fields = await headerOf(deps, delivered)
  if (suppressedBy({ fields, sender, account }) !== undefined) return undefined
  return { account, from: addressedAs(fields, account) ?? account.addresses[0]! }
}

/** Inside: an account of the same tenant. Known: the owner has written to this address before; there are no contacts to ask yet. */
const audienceOf = async (deps: AnsweringDeps, key: Delivered, sender: string): Promise<Audience> => {
  const { addresses } = await deps.directory.resolveAddresses(
    { addresses: [sender] },
    { identity: { ...key.call.identity, principal: '' } },
  )
  if (addresses[0]?.account?.tenant === key.tenant) return 'inside'
  return (await isCorrespondent(deps.projector.store, key, sender)) ? 'outside-known' : 'outside-unknown'
}

type Reply = Answerable & {
  readonly sender: string
  readonly audience: Audience
  readonly reply: AutomaticReply
}

const written = async (deps: AnsweringDeps, { tenant, event }: Delivered, reply: Reply) => {
  const { ids, clock, blobs } = deps
  const to = event.envelopeSender
  const messageId = `<auto.${ids()}@${reply.from.slice(reply.from.lastIndexOf('@') + 1)}>`
  const boundary = `${ids()}${ids()}`.replace(/[^A-Za-z0-9]/g, '').slice(0, 32)
  const { displayName } = reply.account
  const bytes = replyMessage({
    ...{
      reply: reply.reply,
      original: Envelope.create(event.content?.envelope),
      from: reply.from,
      displayName,
    },
    ...{ to, messageId, now: clock(), boundary },
  })
  const { id, size } = await blobs.put(tenant, bytes)
  return { blob: id, size, messageId, smtputf8: bytes.some((byte) => byte > 127) }
}

const send = async (deps: AnsweringDeps, delivered: Delivered, reply: Reply): Promise<void> => {
  const { tenant, account, delivery, call, event } = delivered
  const message = await written(deps, delivered, reply)
  const { sender, audience } = reply
  const command: Command = {
    ...{ tenant, account, call, causation: delivery },
    commandId: `automatic-reply:${delivery}`,
  }
  await deps.streams.execute(command, {
    load: (reader) => repliesState(reader, delivered, { sender, after: deps.clock() - RATE_WINDOW_MS }),
    decide: (state) =>
      decideReply(state, {
        ...{ ...arrivedOf(deps, delivered), ...message, sender, audience },
        recipient: event.envelopeSender,
      }),
  })
}
