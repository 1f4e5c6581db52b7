import type { ImportHeader, ImportRefusal, ImportResponse } from '@relais/proto/mail/v1/mail.ts'
import { isCoded } from '@relais/service-kit/errors.ts'
import { commandOf, requireOwner } from '../api/account-call.ts'
import { invalid, MAX_ADDRESS_LENGTH, requireText, requireTime } from '../api/arguments.ts'
import type { HandlerCall, Handling } from '../api/context.ts'
import { Ingest, type Ingested } from '../ingest/ingest.ts'
import type { AccountKey } from '../queries/account.ts'
import { ImportMailboxes } from './import-mailboxes.ts'
import { RecentConversations } from './recent-conversations.ts'
import { storeMessage } from './store-message.ts'
import { StoredBatch } from './stored-batch.ts'

/** Messages whose bytes are here and whose blob or structure isn't finished yet. */
const MAX_FINISHING = 16

/** Of an answer; more are only counted. */
const MAX_REFUSALS = 1000

/** The message whose bytes are coming. `ingest` undefined: it was refused, its bytes are let go by. */
type Current = {
  readonly index: number
  readonly header: ImportHeader
  readonly key: AccountKey
  ingest?: Ingest
}

type Finishing = Current & { readonly message: Promise<Ingested> }

/** One import: messages one after the other, written in batches, their blobs finished side by side. */
export class Importing {
  readonly handling: Handling
  readonly mailboxes: ImportMailboxes
  readonly recent = new RecentConversations()
  private readonly call: HandlerCall
  private readonly batch: StoredBatch
  private readonly finishing: Finishing[] = []
  private readonly refusals: ImportRefusal[] = []
  private current: Current | undefined
  private count = 0
  private refused = 0

  constructor(handling: Handling, call: HandlerCall) {
    this.handling = handling
    this.call = call
    this.mailboxes = new ImportMailboxes(handling, call)
    this.batch = new StoredBatch(handling.streams, (key, id) => commandOf(handling, key, call, id))
  }

  /** The next message begins. Errors: PERMISSION_DENIED, ACCOUNT_NOT_FOUND, INVALID_ARGUMENT. */
  async begin(header: ImportHeader): Promise<void> {
    await this.finishCurrent()
    if (this.finishing.length >= MAX_FINISHING) await this.storeFirst()
    requireTime(header.receivedAt, 'the time of receipt')
    requireText(header.envelopeSender, 'envelope sender', MAX_ADDRESS_LENGTH)
    const key = await requireOwner(this.handling, header, this.call)
    await this.handling.onboarding.ensure(key, this.call)
    const ingest = await Ingest.open(this.handling, { tenant: key.tenant, inBulk: true })
    this.current = { index: this.count++, header, key, ingest }
  }

  async chunk(bytes: Uint8Array): Promise<void> {
    if (!this.current) throw invalid('the first part of the stream must be a header')
    const { ingest } = this.current
    if (!ingest) return
    try {
      await ingest.write(bytes)
    } catch (error) {
      this.refuse(this.current, error)
      this.current.ingest = undefined
      await ingest.abort()
    }
  }

  async end(): Promise<ImportResponse> {
    await this.finishCurrent()
    while (this.finishing.length > 0) await this.storeFirst()
    await this.batch.flush()
    const { position } = this.batch
    if (position > 0) await this.handling.projector.waitFor(position, this.call.deadline)
    return { imported: this.count - this.refused, refused: this.refused, position, refusals: this.refusals }
  }

  async abort(): Promise<void> {
    this.batch.release()
    await this.current?.ingest?.abort()
    await Promise.allSettled(this.finishing.map(({ message }) => message))
  }

  private async finishCurrent(): Promise<void> {
    const { current } = this
    this.current = undefined
    if (!current?.ingest) return
    const message = current.ingest.finish()
    message.catch(() => current.ingest?.abort())
    this.finishing.push({ ...current, message })
  }

  private async storeFirst(): Promise<void> {
    const first = this.finishing.shift()!
    try {
      const message = await first.message
      await this.batch.add(await storeMessage(this, { ...first, message }))
    } catch (error) {
      this.refuse(first, error)
    }
  }

  /** What the message is refused for is told; what may pass (a full disk, a lost log) ends the call. */
  private refuse({ index }: Current, error: unknown) {
    if (!isCoded(error) || error.retryable) throw error
    this.refused++
    if (this.refusals.length < MAX_REFUSALS) {
      this.refusals.push({ index, code: error.code, reason: error.message })
    }
  }
}
