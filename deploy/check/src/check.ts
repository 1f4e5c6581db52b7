import { deliver } from './lmtp.ts'
import { type Account, CheckPhone, VERSION } from './phone.ts'
import { reach } from './reach.ts'

export type CheckOrder = {
  readonly account: Account
  /** `relais-lmtp:24` */
  readonly lmtp: string
  /** Made up for this round: the message's subject. */
  readonly subject: string
  /** One line for each step that went well. */
  readonly say: (line: string) => void
}

const WAIT_SECONDS = 60

/** One round of what a phone does: OPTIONS, Provision, FolderSync, a Ping that mail by LMTP ends, the Sync that brings it. Errors: the step that fails, in words. */
export const check = async ({ account, lmtp, subject, say }: CheckOrder): Promise<void> => {
  const phone = new CheckPhone(account)
  const versions = await reach(() => phone.versions())
  if (!versions.includes(VERSION)) throw new Error(`OPTIONS: ${VERSION} isn't among ${versions.join(',')}`)
  say(`OPTIONS: ${versions.join(', ')}`)
  say(`Provision: ${(await phone.provision()) ? 'the policy was taken' : 'there is no policy'}`)
  const inbox = await phone.inbox()
  say('FolderSync: there is an inbox')
  say(`Sync: ${(await phone.sync(inbox)).size} messages`)
  const started = performance.now()
  const waiting = phone.ping(inbox, WAIT_SECONDS)
  const [status] = await Promise.all([
    waiting,
    deliver({ server: lmtp, recipient: account.address, subject }),
  ])
  if (status !== '2') throw new Error(`Ping: Status ${status}, though mail was delivered`)
  say(
    `Ping: answered ${Math.round(performance.now() - started)} ms after it began, by mail that came by LMTP`,
  )
  const found = [...(await phone.sync(inbox))].find(([, one]) => one === subject)
  if (found === undefined) throw new Error('Sync: the message that was delivered is not there')
  await phone.remove(inbox, found[0])
  say('Sync: the message was there, and was removed')
}
