import { isUtf8 } from 'node:buffer'
import type { Body, Message } from '@relais/proto/mail/v1/mail.ts'

/** Bytes that an answer may still hold of bodies. */
export type BodyRoom = { left: number }

/** `bytes` 0 or absent: there is room for all. */
export const bodyRoom = (bytes = 0): BodyRoom => ({ left: bytes === 0 ? Number.POSITIVE_INFINITY : bytes })

/** Bytes as EAS carries them: what isn't UTF-8 is read as Latin-1, so that each byte above 127 takes two. */
const carriedLength = (data: Uint8Array): number =>
  isUtf8(data) ? data.length : data.reduce((length, byte) => length + (byte > 127 ? 2 : 1), 0)

const within = (body: Body | undefined, room: BodyRoom): Body | undefined => {
  const { data } = body ?? {}
  if (!body || data === undefined || data.length === 0) return body
  if (data.length <= room.left) {
    room.left -= data.length
    return body
  }
  room.left = 0
  return { ...body, data: undefined, deferredLength: carriedLength(data) }
}

/** The message without the bodies that there is no room for any more. */
export const withinRoom = (message: Message, room: BodyRoom): Message => ({
  ...message,
  body: within(message.body, room),
  bodyPart: within(message.bodyPart, room),
})
