import { type Envelope, MessageContent } from '@relais/proto/mail/v1/message.ts'
import { foldAddress } from '../accounts/account.ts'
import { type Projection, whose } from './projection.ts'

export const correspondentsSchema: readonly string[] = [
  // Addresses, folded, that the owner has written to.
  `CREATE TABLE correspondents (
    tenant TEXT NOT NULL, account TEXT NOT NULL, address TEXT NOT NULL, PRIMARY KEY (tenant, account, address))`,
]

/** Longer ones are no addresses. */
const MAX_ADDRESS = 320
/** Of one message. */
const MAX_WRITTEN_TO = 500

/** The owner has written to them: from now on they are known. */
export const writeTo = async (projection: Projection, addresses: readonly string[]): Promise<void> => {
  const folded = new Set(addresses.slice(0, MAX_WRITTEN_TO).map(foldAddress))
  for (const address of folded)
    if (address.includes('@') && address.length <= MAX_ADDRESS)
      await projection.writer.write(
        `INSERT INTO correspondents (tenant, account, address) VALUES (?, ?, ?)
         ON CONFLICT (tenant, account, address) DO NOTHING`,
        ...[...whose(projection), address],
      )
}

const recipientsOf = ({ to, cc, bcc }: Envelope): readonly string[] =>
  [...to, ...cc, ...bcc].map(({ address }) => address)

/** Mail that was sent elsewhere and imported into Sent; what was sent from here says so in its submission. */
export const importSent = async (projection: Projection, content: Uint8Array): Promise<void> => {
  if (projection.commit.events.some(({ type }) => type === 'MessageSubmitted')) return
  const { envelope } = MessageContent.decode(content)
  if (envelope) await writeTo(projection, recipientsOf(envelope))
}
