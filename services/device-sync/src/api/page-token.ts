import { terminal } from '@relais/service-kit'

export type PagePlace = { readonly account: string; readonly device: string }

/** Opaque to callers: the last device of the page before. */
export const formatPageToken = ({ account, device }: PagePlace): string =>
  Buffer.from(JSON.stringify([account, device])).toString('base64url')

const isPlace = (value: unknown): value is [string, string] =>
  Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string')

/** Errors: INVALID_ARGUMENT. */
export const parsePageToken = (token: string): PagePlace => {
  if (token === '') return { account: '', device: '' }
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'))
    if (isPlace(value)) return { account: value[0], device: value[1] }
  } catch {
    // Falls through to the one refusal.
  }
  throw terminal('INVALID_ARGUMENT', 'the page token is not one of ours')
}
