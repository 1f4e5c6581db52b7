export type Trace = {
  /** What the client called itself; '' if it didn't. */
  readonly helo: string
  readonly clientAddress: string
  /** Our name. */
  readonly server: string
  /** LMTP, ESMTPS, ESMTPSA, ... (RFC 3848). */
  readonly protocol: string
  readonly id: string
  /** Milliseconds since 1970. */
  readonly at: number
}

/** Received field of RFC 5321 4.4, with its line end. */
export const receivedField = ({ helo, clientAddress, server, protocol, id, at }: Trace): string =>
  `Received: from ${word(helo) || 'unknown'} (${addressLiteral(clientAddress)})\r\n\tby ${word(server)} with ${word(protocol)} id ${word(id)};\r\n\t${date(at)}\r\n`

/** Return-Path field: the envelope sender of a final delivery. */
export const returnPathField = (sender: string): string => `Return-Path: <${word(sender)}>\r\n`

/** RFC 5322 date in UTC. */
export const date = (at: number): string => new Date(at).toUTCString().replace('GMT', '+0000')

const addressLiteral = (address: string) =>
  address.includes(':') ? `[IPv6:${word(address)}]` : `[${word(address)}]`

/** What a client says can't begin a field or a line of its own. */
const word = (text: string) => text.replace(/[\s\p{Cc}<>()]/gu, '').slice(0, 255)
