import type { SMTPServerSession } from 'smtp-server'
import type { LocalRecipient } from './recipients.ts'

/** What RCPT TO found, kept per session until the transaction ends; smtp-server forgets addresses on RSET, so these are found by address. */
export const createSessionRecipients = () => {
  const known = new WeakMap<SMTPServerSession, Map<string, LocalRecipient>>()
  return {
    add: (session: SMTPServerSession, recipient: LocalRecipient) => {
      const mine = known.get(session) ?? new Map<string, LocalRecipient>()
      known.set(session, mine.set(recipient.address, recipient))
    },
    /** Those of the present transaction, in the order of RCPT TO. */
    ofTransaction: (session: SMTPServerSession): LocalRecipient[] =>
      session.envelope.rcptTo.flatMap(({ address }) => known.get(session)?.get(address) ?? []),
    end: (session: SMTPServerSession) => known.delete(session),
  }
}
