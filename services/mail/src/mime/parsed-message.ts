import type { Envelope, Part } from '@relais/proto/mail/v1/message.ts'
import { emptyEnvelope } from './envelope.ts'
import type { MessageKind } from './kind.ts'

/** What was wrong with a message and how it was read all the same; for figures and logs, never for its readers. */
export type Anomaly =
  | 'body-without-empty-line'
  | 'boundary-missing'
  | 'delimiter-missing'
  | 'header-too-long'
  | 'nested-too-deep'
  | 'too-many-parts'
  | 'truncated'

/** All that one pass over a message's bytes tells. */
export type ParsedMessage = {
  readonly envelope: Envelope
  readonly structure: Part
  /** First 255 characters of the text, white space folded. */
  readonly preview: string
  /** Why this is a stub; '' if it isn't. What a message lacks or breaks otherwise is in {@link anomalies}. */
  readonly defect: string
  readonly anomalies: readonly Anomaly[]
  /** Octets. */
  readonly size: number
  readonly bareCr: boolean
  readonly bareLf: boolean
  readonly hasNul: boolean
  /** Any octet above 127: 8BITMIME is needed to send it on as it is. */
  readonly has8Bit: boolean
  /** Milliseconds since 1970 from the topmost Received field; 0: none. */
  readonly received: number
  readonly threadTopic: string
  /** For threads: the subject without marks and tags, lower case. */
  readonly baseSubject: string
  readonly kind: MessageKind
  readonly autoSubmitted: boolean
  readonly listId: string
}

const rawAttachment = (size: number): Part => ({
  id: '1',
  type: 'message/rfc822',
  charset: '',
  encoding: 'binary',
  disposition: 'attachment',
  filename: 'message.eml',
  contentId: '',
  contentLocation: '',
  headerStart: 0,
  bodyStart: 0,
  bodyEnd: size,
  decodedSize: size,
  parts: [],
  parameters: {},
  lines: 0,
  subject: '',
})

/** In place of a message that couldn't be parsed: no text, and its bytes as the attachment "1". */
export const stubMessage = (size: number, defect: string): ParsedMessage => ({
  envelope: emptyEnvelope(),
  structure: rawAttachment(size),
  preview: '',
  defect,
  anomalies: [],
  size,
  bareCr: false,
  bareLf: false,
  hasNul: false,
  has8Bit: true,
  received: 0,
  threadTopic: '',
  baseSubject: '',
  kind: 'note',
  autoSubmitted: false,
  listId: '',
})
