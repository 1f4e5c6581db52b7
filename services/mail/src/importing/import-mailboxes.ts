import type { ImportHeader } from '@relais/proto/mail/v1/mail.ts'
import { terminal } from '@relais/service-kit/errors.ts'
import { commandOf } from '../api/account-call.ts'
import type { HandlerCall, Handling } from '../api/context.ts'
import type { AccountKey } from '../queries/account.ts'
import { hasMailbox } from '../queries/mailboxes.ts'
import { mailboxAtPath } from './mailbox-paths.ts'

/** Where an import's messages go; what a path named once is remembered for the rest of the call. */
export class ImportMailboxes {
  private readonly handling: Handling
  private readonly call: HandlerCall
  private readonly known = new Map<string, string>()

  constructor(handling: Handling, call: HandlerCall) {
    this.handling = handling
    this.call = call
  }

  /** Errors: MAILBOX_NOT_FOUND, those of making a mailbox. */
  async of(key: AccountKey, { mailbox, path }: ImportHeader): Promise<string> {
    const name = JSON.stringify([key.tenant, key.account, mailbox, path])
    const known = this.known.get(name)
    if (known !== undefined) return known
    const found = mailbox === '' ? await this.atPath(key, path) : await this.existing(key, mailbox)
    this.known.set(name, found)
    return found
  }

  private atPath(key: AccountKey, path: readonly string[]): Promise<string> {
    return mailboxAtPath(this.handling, commandOf(this.handling, key, this.call, ''), path)
  }

  private async existing(key: AccountKey, mailbox: string): Promise<string> {
    await this.handling.streams.settled(key, this.call.deadline)
    if (await hasMailbox(this.handling.projector.store, key, mailbox)) return mailbox
    throw terminal('MAILBOX_NOT_FOUND', 'there is no such mailbox')
  }
}
