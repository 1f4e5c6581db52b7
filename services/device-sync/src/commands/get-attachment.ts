import type { MailClient } from '@relais/proto/mail/v1/mail.ts'
import type { CallExtras } from '@relais/service-kit'
import { parseFileReference } from '../classes/server-id.ts'
import { attachmentContent, attachmentHeader, isNotThere, UNKNOWN_TYPE } from '../fetch/fetch-attachment.ts'
import type { Command, CommandAnswer, CommandContext } from './command.ts'
import { StatusError } from './status-error.ts'

export type GetAttachmentDeps = { readonly mail: MailClient<CallExtras> }

const BAD_ATTACHMENT = 15
/** MS-ASCMD 2.2.1.8: the command has no statuses. */
const SERVER_ERROR = 500

const notFound = () => new StatusError(BAD_ATTACHMENT, 'there is no such attachment', SERVER_ERROR)

const run = async ({ mail }: GetAttachmentDeps, context: CommandContext): Promise<CommandAnswer> => {
  const file = parseFileReference(context.line.attachmentName)
  if (!file) throw notFound()
  const { type, total } = await attachmentHeader(mail, context, file).catch((error: unknown) => {
    throw isNotThere(error) ? notFound() : error
  })
  const range = { first: 0, last: total - 1 }
  const chunks = () => attachmentContent(mail, context, { file, range })
  return { kind: 'content', type: type || UNKNOWN_TYPE, length: total, chunks }
}

/** GetAttachment (MS-ASCMD 2.2.1.8), up to 12.1: an attachment as it is, with its type. What isn't there is a 500. */
export const createGetAttachment = (deps: GetAttachmentDeps): Command => ({
  name: 'GetAttachment',
  body: 'small',
  emptyBody: true,
  run: (context) => run(deps, context),
})
