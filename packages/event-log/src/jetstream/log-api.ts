import {
  type JetStreamManager,
  jetstreamManager,
  type MsgRequest,
  type NextMsgRequest,
  type SeqMsgRequest,
  type StoredMsg,
  type StreamInfo,
} from '@nats-io/jetstream'
import {
  createInbox,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  RequestError,
} from '@nats-io/transport-node'
import type { linksOf } from './link.ts'

/** A message of the log's stream. */
export type LogMessage = {
  readonly position: number
  readonly subject: string
  readonly headers: MsgHdrs | undefined
  readonly record: Uint8Array
  /** Milliseconds since 1970 by the server that stored it. */
  readonly stored: number
}

export type Batch = {
  readonly messages: readonly LogMessage[]
  /** How many more the replica that answered has. */
  readonly pending: number
}

export type BatchRequest = {
  readonly subject: string
  /** Position of the first; or the time since which, in milliseconds since 1970. */
  readonly from: number | { readonly time: number }
  readonly count: number
  readonly maxBytes: number
}

/** What a server says of a publication. */
export type PublishAnswer =
  | { readonly position: number }
  /** Error 10071 or 10164: the subject's last message isn't the expected one, or somebody else's is just being written. */
  | { readonly conflict: true }
  /** It may be stored or not; `nobody`: no stream has the subject, or nobody leads the one that has. */
  | { readonly unknown: string; readonly nobody?: boolean }

const CONFLICTS: readonly unknown[] = [10071, 10164]

/** A batch whose next part doesn't come within this time is asked for again, in milliseconds. */
const BATCH_IDLE = 3000

export type ApiOptions = {
  readonly connection: NatsConnection
  readonly stream: string
  readonly links: ReturnType<typeof linksOf>
  /** Of one request, in milliseconds. */
  readonly timeout: number
}

/** The requests to one JetStream stream. Those named `leader…` are answered by the replica that leads, so they see every acknowledged commit. */
export class LogApi {
  readonly connection: NatsConnection
  readonly stream: string
  readonly manager: JetStreamManager
  readonly #links: ApiOptions['links']

  private constructor({ connection, stream, links }: ApiOptions, manager: JetStreamManager) {
    this.connection = connection
    this.stream = stream
    this.manager = manager
    this.#links = links
  }

  static async of(options: ApiOptions): Promise<LogApi> {
    const { connection, timeout } = options
    return new LogApi(options, await jetstreamManager(connection, { timeout, checkAPI: false }))
  }

  async publish(
    subject: string,
    message: { readonly headers: MsgHdrs; readonly record: Uint8Array; readonly timeout: number },
  ): Promise<PublishAnswer> {
    const { headers, record, timeout } = message
    const { writes } = this.#links
    try {
      const reply = await this.connection.request(subject, record, { headers, timeout })
      const answer = publishAnswer(reply.json())
      // A leader that is cut off goes on answering with conflicts; only what is stored shows that it is of use.
      if ('position' in answer) writes.answered()
      return answer
    } catch (error) {
      writes.failed()
      return { unknown: reasonOf(error), nobody: isNobody(error) }
    }
  }

  async leaderLast(subject: string): Promise<LogMessage | undefined> {
    return await this.#leader({ last_by_subj: subject })
  }

  /** The first message of the subject at a position or after it. */
  async leaderNext(subject: string, from: number): Promise<LogMessage | undefined> {
    // The client's type lacks a position together with a subject; the server takes both.
    const query: SeqMsgRequest & NextMsgRequest = { seq: from, next_by_subj: subject }
    return await this.#leader(query)
  }

  async leaderAt(position: number): Promise<LogMessage | undefined> {
    return await this.#leader({ seq: position })
  }

  async info(): Promise<StreamInfo> {
    return await this.#links.leader.watch(() => this.manager.streams.info(this.stream))
  }

  /** Whether every position between two is known to have been erased; false: that isn't known. */
  async areErased(from: number, to: number): Promise<boolean> {
    if (from > to) return true
    const details = () => this.manager.streams.info(this.stream, { deleted_details: true })
    const { state } = await this.#links.leader.watch(details)
    const erased = new Set(state.deleted)
    for (let position = Math.max(from, state.first_seq); position <= to; position++) {
      if (!erased.has(position)) return false
    }
    return state.last_seq >= to
  }

  /** Overwrites a message; false: it isn't there. */
  async erase(position: number): Promise<boolean> {
    try {
      return await this.manager.streams.deleteMessage(this.stream, position, true)
    } catch (error) {
      if (await this.leaderAt(position)) throw error
      return false
    }
  }

  /** Messages in order from any replica: one that lags behind answers with what it has. */
  async batch(request: BatchRequest): Promise<Batch> {
    return await this.#links.reads.watch(() => this.#batch(request))
  }

  async #leader(query: MsgRequest): Promise<LogMessage | undefined> {
    return messageOf(
      await this.#links.leader.watch(() => this.manager.streams.getMessage(this.stream, query)),
    )
  }

  #batch({ subject, from, count, maxBytes }: BatchRequest): Promise<Batch> {
    const start = typeof from === 'number' ? { seq: from } : { start_time: new Date(from.time).toISOString() }
    const request = { ...start, next_by_subj: subject, batch: count, max_bytes: maxBytes }
    const { promise, resolve, reject } = Promise.withResolvers<Batch>()
    const messages: LogMessage[] = []
    const inbox = createInbox()
    const subscription = this.connection.subscribe(inbox, {
      callback: (error, message) => {
        if (error) return end(() => reject(error))
        idle.refresh()
        const status = message.headers?.code ?? 0
        if (status === 0) messages.push(directMessage(message))
        else if (status === 204) end(() => resolve({ messages, pending: pendingOf(message) }))
        else if (status === 404) end(() => resolve({ messages, pending: 0 }))
        else end(() => reject(new Error(`a read was answered ${status} ${message.headers?.description}`)))
      },
    })
    const idle = setTimeout(() => end(() => reject(new Error('a read was not answered'))), BATCH_IDLE)
    const end = (settle: () => void) => {
      clearTimeout(idle)
      subscription.unsubscribe()
      settle()
    }
    try {
      this.connection.publish(`$JS.API.DIRECT.GET.${this.stream}`, JSON.stringify(request), { reply: inbox })
    } catch (error) {
      end(() => reject(error))
    }
    return promise
  }
}

const isNobody = (error: unknown): boolean => error instanceof RequestError && error.isNoResponders()

export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

type Acknowledgement = {
  readonly seq?: unknown
  readonly error?: { readonly err_code?: unknown; readonly description?: unknown }
}

const publishAnswer = ({ seq, error }: Acknowledgement): PublishAnswer => {
  if (error) {
    return CONFLICTS.includes(error.err_code) ? { conflict: true } : { unknown: String(error.description) }
  }
  return Number.isSafeInteger(seq) ? { position: Number(seq) } : { unknown: 'an answer without a position' }
}

const pendingOf = (message: Msg): number => Number(message.headers?.get('Nats-Num-Pending') || 0)

const directMessage = (message: Msg): LogMessage => ({
  position: Number(message.headers?.get('Nats-Sequence')),
  subject: message.headers?.get('Nats-Subject') ?? '',
  headers: message.headers,
  record: plainBytes(message.data),
  stored: Date.parse(message.headers?.get('Nats-Time-Stamp') ?? ''),
})

const messageOf = (message: StoredMsg | null): LogMessage | undefined =>
  message
    ? {
        position: message.seq,
        subject: message.subject,
        headers: message.header,
        record: plainBytes(message.data),
        stored: message.time.getTime(),
      }
    : undefined

const plainBytes = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
