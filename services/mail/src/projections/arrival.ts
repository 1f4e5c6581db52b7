import { BinaryReader } from '@bufbuild/protobuf/wire'
import { MessageState } from '@relais/proto/mail/v1/message.ts'

/** What rows need of a MessageDelivered or MessageStored; the content itself stays encoded. */
export type Arrival = {
  readonly mailbox: string
  readonly content: Uint8Array
  readonly state: MessageState | undefined
  readonly envelopeSender: string
  /** Of a device's Add. */
  readonly clientId: string
}

export type ContentFields = {
  readonly blob: string
  readonly size: number
  readonly receivedAt: number
  readonly conversation: Uint8Array
  readonly subject: string
  readonly messageId: string
  /** Of a device's Add: what it wrote, hashed. */
  readonly written: string
}

const EMPTY: Uint8Array = new Uint8Array(0)

type Field = (reader: BinaryReader) => void

/** Reads the fields named by number and skips all others. */
const readFields = (bytes: Uint8Array, fields: { readonly [number: number]: Field }) => {
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag()
    const field = fields[number]
    if (field) field(reader)
    else reader.skip(wireType)
  }
}

/**
 * The fields that rows need, without decoding envelope and structure: 5 times faster than the generated decoder, which matters at
 * 20,000 commits a second in a rebuild. The two differ in the number of the envelope sender's field.
 */
export const readArrival = (type: 'MessageDelivered' | 'MessageStored', payload: Uint8Array): Arrival => {
  let mailbox = ''
  let content = EMPTY
  let state: MessageState | undefined
  let envelopeSender = ''
  let clientId = ''
  readFields(payload, {
    1: (reader) => {
      mailbox = reader.string()
    },
    2: (reader) => {
      content = reader.bytes()
    },
    3: (reader) => {
      state = MessageState.decode(reader.bytes())
    },
    [type === 'MessageDelivered' ? 4 : 5]: (reader) => {
      envelopeSender = reader.string()
    },
    [type === 'MessageStored' ? 6 : 0]: (reader) => {
      clientId = reader.string()
    },
  })
  return { mailbox, content, state, envelopeSender, clientId }
}

/** Those of an encoded MessageContent. */
export const readContentFields = (content: Uint8Array): ContentFields => {
  const fields = {
    ...{ blob: '', size: 0, receivedAt: 0, conversation: EMPTY },
    ...{ subject: '', messageId: '', written: '' },
  }
  readFields(content, {
    1: (reader) => {
      fields.blob = reader.string()
    },
    2: (reader) => {
      fields.size = Number(reader.uint64())
    },
    3: (reader) => {
      Object.assign(fields, readEnvelopeFields(reader.bytes()))
    },
    5: (reader) => {
      fields.receivedAt = Number(reader.int64())
    },
    6: (reader) => {
      fields.conversation = reader.bytes()
    },
    9: (reader) => {
      fields.written = reader.string()
    },
  })
  return fields
}

const readEnvelopeFields = (envelope: Uint8Array) => {
  const fields = { subject: '', messageId: '' }
  readFields(envelope, {
    1: (reader) => {
      fields.subject = reader.string()
    },
    8: (reader) => {
      fields.messageId = reader.string()
    },
  })
  return fields
}
