import type { MessageStored } from '@relais/proto/mail/v1/events.ts'
import { MessageContent } from '@relais/proto/mail/v1/message.ts'
import type { Command, MailStreams } from '../commands/streams.ts'
import type { Reservation } from '../commands/usage.ts'
import type { MailEvent } from '../events.ts'
import { isRole } from '../mailbox/roles.ts'
import type { AccountKey } from '../queries/account.ts'
import { loadHierarchy } from '../queries/mailboxes.ts'

/** Few enough that one commit is far below 1 MiB, many enough that a mailbox of 100,000 costs some thousand commits. */
const MAX_BYTES = 256 * 1024
const MAX_MESSAGES = 64

export type Stored = {
  readonly key: AccountKey
  readonly payload: MessageStored
  readonly reservation: Reservation
  /** '': one that the caller doesn't care about. A message with an id of its own has a commit of its own. */
  readonly commandId: string
}

/** Stored messages of one account on their way into one commit. */
export class StoredBatch {
  private readonly streams: MailStreams
  private readonly newCommand: (key: AccountKey, commandId: string) => Command
  private stored: Stored[] = []
  private bytes = 0
  /** Of the last commit. */
  position = 0

  constructor(streams: MailStreams, newCommand: (key: AccountKey, commandId: string) => Command) {
    this.streams = streams
    this.newCommand = newCommand
  }

  /** Messages before it are written first where it doesn't fit to them. */
  async add(message: Stored): Promise<void> {
    const size = MessageContent.encode(message.payload.content!).finish().length
    if (!this.takes(message, size)) await this.flush()
    this.stored.push(message)
    this.bytes += size
  }

  async flush(): Promise<void> {
    const { stored } = this
    if (stored.length === 0) return
    this.stored = []
    this.bytes = 0
    try {
      this.position = await this.commit(stored)
      for (const { reservation } of stored) reservation.stored(this.position)
    } catch (error) {
      for (const { reservation } of stored) reservation.release()
      throw error
    }
  }

  /** Nothing more is coming; what isn't written isn't there. */
  release() {
    for (const { reservation } of this.stored) reservation.release()
    this.stored = []
  }

  private takes({ key, commandId }: Stored, size: number): boolean {
    const [first] = this.stored
    if (!first) return true
    const alone = commandId !== '' || first.commandId !== ''
    const sameAccount = first.key.tenant === key.tenant && first.key.account === key.account
    return !alone && sameAccount && this.bytes + size <= MAX_BYTES && this.stored.length < MAX_MESSAGES
  }

  /** What goes into a mailbox that its owner may have deleted meanwhile goes to the inbox then. */
  private async commit(stored: readonly Stored[]): Promise<number> {
    const { key, commandId } = stored[0]!
    const command = this.newCommand(key, commandId)
    const payloads = stored.map(({ payload }) => payload)
    if (payloads.every(({ mailbox }) => isRole(mailbox))) {
      return (await this.streams.append(command, payloads.map(storedEvent))).position
    }
    const { position } = await this.streams.execute(command, {
      load: (reader) => loadHierarchy(reader, key),
      decide: ({ mailboxes }) =>
        payloads.map((payload) =>
          storedEvent(mailboxes.has(payload.mailbox) ? payload : { ...payload, mailbox: 'inbox' }),
        ),
    })
    return position
  }
}

const storedEvent = (payload: MessageStored): MailEvent => ({ type: 'MessageStored', payload })
