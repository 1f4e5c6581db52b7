import type { ContentOptions, Message } from '@relais/proto/mail/v1/mail.ts'
import { attachmentsOfBody } from '../mime/attachments.ts'
import { bodyOf, nativeBodyOf } from '../mime/body-parts.ts'
import { kindOf } from '../mime/kind.ts'
import { messageOf, type StoredMessage } from '../queries/message.ts'
import type { Handling } from './context.ts'

export type Rendering = {
  readonly messages: readonly StoredMessage[]
  /** Undefined: no bodies. */
  readonly options?: ContentOptions
  readonly withStructure?: boolean
}

/** Messages as clients see them. One that can't be read is a stub with its reason; the others are there all the same. */
export const renderMessages = async (
  _handling: Pick<Handling, 'blobs' | 'logger'>,
  _tenant: string,
  { messages, withStructure }: Rendering,
): Promise<Message[]> =>
  messages.map((stored) => {
    const message = messageOf(stored)
    const { structure } = stored.content
    if (!structure) return message
    const body = bodyOf(structure)
    return {
      ...message,
      attachments: attachmentsOfBody(body),
      nativeBody: nativeBodyOf(body),
      kind: kindOf(structure),
      structure: withStructure ? structure : undefined,
    }
  })
