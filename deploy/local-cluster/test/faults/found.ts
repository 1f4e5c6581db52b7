import { OPERATOR } from '@relais/service-kit'
import type { Person } from '../../../../services/standalone/test/phones/world.ts'
import type { FaultedWorld } from './clients.ts'
import type { Account, Found, FoundMail } from './verdict.ts'
import { FOLDERS } from './workload.ts'

/** Every mail that the people have by mail's rows, Sent Items left out. */
export const mailsOf = async (world: FaultedWorld, people: readonly Person[]): Promise<Found> => {
  const found = new Map<string, readonly FoundMail[]>()
  for (const person of people) {
    const lists = await Promise.all(FOLDERS.map((mailbox) => mailsIn(world, person, mailbox)))
    found.set(person.address, lists.flat())
  }
  return found
}

/** Subjects in Sent Items. */
export const sentBy = async (world: FaultedWorld, person: Person): Promise<readonly string[]> =>
  (await mailsIn(world, person, 'sent')).map(({ subject }) => subject)

const mailsIn = async (
  { clients }: FaultedWorld,
  { account }: Person,
  mailbox: string,
): Promise<readonly FoundMail[]> => {
  const identity = { tenant: 'acme', principal: account, actor: { kind: 'account', id: account, device: '' } }
  const found: FoundMail[] = []
  for (let pageToken = ''; ; ) {
    const request = { tenant: 'acme', account, mailbox, pageSize: 1000, pageToken }
    const { messages, nextPageToken } = await clients.mail.listMessages(request, { identity })
    for (const { envelope, state } of messages)
      found.push({ subject: envelope?.subject ?? '', flagged: state?.flag?.status === 'active' })
    if (nextPageToken === '') return found
    pageToken = nextPageToken
  }
}

/** What the administrator is shown for each address. */
export const accountsOf = async (
  { administration }: FaultedWorld,
  addresses: readonly string[],
): Promise<readonly Account[]> => {
  const found: Account[] = []
  for (const query of addresses) {
    const { accounts } = await administration.listAccounts({ tenant: 'acme', query }, { identity: OPERATOR })
    found.push(...accounts.map(({ address, state }) => ({ address, state })))
  }
  return found
}

/** Lets what waits in the outbound queue be tried at once, as an administrator can; how many recipients wait. */
export const retryQueue = async ({ queue }: FaultedWorld): Promise<number> => {
  const { recipients } = await queue.listQueue({ tenant: 'acme', pageSize: 1000 }, { identity: OPERATOR })
  for (const submission of new Set(recipients.map((one) => one.submission)))
    await queue.retryQueue({ tenant: 'acme', submission }, { identity: OPERATOR }).catch((error: unknown) => {
      // It went out meanwhile.
      if ((error as { code?: string }).code !== 'NOT_FOUND') throw error
    })
  return recipients.length
}
