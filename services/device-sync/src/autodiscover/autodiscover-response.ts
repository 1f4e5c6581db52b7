import { cleanText } from '../wbxml/text.ts'

const RESPONSE = 'http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006'
export const MOBILE_SYNC = 'http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006'

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

const escaped = (text: string): string =>
  cleanText(text).replaceAll(/[&<>"]/g, (letter) => escapes[letter] ?? '')

const document = (response: string): string =>
  `<?xml version="1.0" encoding="utf-8"?>\n<Autodiscover xmlns="${RESPONSE}">${response}</Autodiscover>\n`

export type MobileSyncSettings = {
  readonly displayName: string
  readonly address: string
  readonly url: string
}

/** Where the phone finds its server (MS-ASCMD 2.2.1.1.2). */
export const mobileSyncSettings = ({ displayName, address, url }: MobileSyncSettings): string => {
  const server = `<Server><Type>MobileSync</Type><Url>${escaped(url)}</Url><Name>${escaped(url)}</Name></Server>`
  const user = `<User><DisplayName>${escaped(displayName)}</DisplayName><EMailAddress>${escaped(address)}</EMailAddress></User>`
  return document(
    `<Response xmlns="${MOBILE_SYNC}"><Culture>en:us</Culture>${user}<Action><Settings>${server}</Settings></Action></Response>`,
  )
}

export type AutodiscoverError = { readonly code: number; readonly message: string; readonly at: number }

/** A refusal that every client understands: 600 invalid request, also for a schema that isn't ours. */
export const autodiscoverError = ({ code, message, at }: AutodiscoverError): string => {
  const time = new Date(at).toISOString().slice(11, 23)
  return document(
    `<Response><Error Time="${time}" Id="0"><ErrorCode>${code}</ErrorCode><Message>${escaped(message)}</Message><DebugData/></Error></Response>`,
  )
}
