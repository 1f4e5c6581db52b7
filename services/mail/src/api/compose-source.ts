import type { SubmitHeader } from '@relais/proto/mail/v1/mail.ts'
import { terminal } from '@relais/service-kit/errors.ts'
import type { AccountKey } from '../queries/account.ts'
import type { Handling } from './context.ts'

type Source = { readonly header: SubmitHeader; readonly chunks: AsyncIterable<Uint8Array> }

/** The message to send: as it is, or with the text of what it answers or forwards. */
export const composedMessage = async (
  _handling: Handling,
  _key: AccountKey,
  { header, chunks }: Source,
): Promise<AsyncIterable<Uint8Array>> => {
  if (!header.source || header.source.replaceMime) return chunks
  throw terminal('UNIMPLEMENTED', 'composing with a source is not there yet')
}
