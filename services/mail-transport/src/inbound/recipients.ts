import type { DirectoryClient, ResolvedAddress } from '@relais/proto/directory/v1/directory.ts'
import type { DeliverRecipient } from '@relais/proto/mail/v1/mail.ts'
import { type CallExtras, terminal } from '@relais/service-kit'

/** RFC 5321 4.5.3.1.3: local part, at, domain. */
const MAX_ADDRESS = 254

export const MAX_RECIPIENTS = 500

/** A recipient of ours, as RCPT TO found it. */
export type LocalRecipient = {
  readonly address: string
  readonly tenant: string
  readonly account: string
}

/** The account behind an address. Errors: BAD_ADDRESS, NOT_OURS, NO_ACCOUNT, TENANT_SUSPENDED, ACCOUNT_SUSPENDED. */
export const resolveRecipient = async (
  directory: DirectoryClient<CallExtras>,
  { address, minPosition }: { readonly address: string; readonly minPosition: number },
  extras: CallExtras,
): Promise<LocalRecipient> => {
  if (address.length > MAX_ADDRESS || !/^[^\p{Cc}@]+@[^\p{Cc}\s@]+$/u.test(address))
    throw terminal('BAD_ADDRESS', 'that is no address')
  const { addresses } = await directory.resolveAddresses({ addresses: [address], minPosition }, extras)
  return accepted(address, addresses[0])
}

const accepted = (address: string, resolved: ResolvedAddress | undefined): LocalRecipient => {
  if (resolved?.kind === 'foreign') throw terminal('NOT_OURS', 'mail to that domain is not taken here')
  const account = resolved?.account
  if (resolved?.kind !== 'account' || account === undefined)
    throw terminal('NO_ACCOUNT', 'there is no such account')
  if (account.state === 'suspended') throw terminal('ACCOUNT_SUSPENDED', 'the account takes no mail for now')
  return { address, tenant: account.tenant, account: account.account }
}

/** Recipients by tenant: a message is handed over once for each. */
export const byTenant = (
  recipients: readonly LocalRecipient[],
): ReadonlyMap<string, readonly LocalRecipient[]> => Map.groupBy(recipients, ({ tenant }) => tenant)

/** An account that is named twice (by aliases) gets the message once. */
export const deliverTo = (recipients: readonly LocalRecipient[]): DeliverRecipient[] => {
  const first = new Map<string, LocalRecipient>()
  for (const recipient of recipients)
    if (!first.has(recipient.account)) first.set(recipient.account, recipient)
  return [...first.values()].map(({ account, address }) => ({
    account,
    envelopeRecipient: address,
    mailbox: '',
  }))
}
