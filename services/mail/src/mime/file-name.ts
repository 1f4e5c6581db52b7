import { Buffer } from 'node:buffer'
import { displayText } from './encoded-word.ts'

/** A file system's bound for one name. */
const MAX_BYTES = 255

/** Path separators, what Windows forbids in names, and what writes a name from right to left to hide its end. */
const FORBIDDEN = /[<>:"|?*\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i

/** What a user's system knows by its ending. */
const EXTENSIONS = new Map<string, string>(
  Object.entries({
    'application/json': '.json',
    'application/ms-tnef': '.dat',
    'application/msword': '.doc',
    'application/pdf': '.pdf',
    'application/pgp-encrypted': '.asc',
    'application/pgp-keys': '.asc',
    'application/pgp-signature': '.asc',
    'application/pkcs7-mime': '.p7m',
    'application/pkcs7-signature': '.p7s',
    'application/rtf': '.rtf',
    'application/vnd.openxmlformats-officedocument.presentationml.presentation': '.pptx',
    'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': '.xlsx',
    'application/vnd.openxmlformats-officedocument.wordprocessingml.document': '.docx',
    'application/x-pkcs7-mime': '.p7m',
    'application/x-pkcs7-signature': '.p7s',
    'application/xml': '.xml',
    'application/zip': '.zip',
    'audio/mpeg': '.mp3',
    'image/bmp': '.bmp',
    'image/gif': '.gif',
    'image/heic': '.heic',
    'image/jpeg': '.jpg',
    'image/jpg': '.jpg',
    'image/png': '.png',
    'image/svg+xml': '.svg',
    'image/tiff': '.tif',
    'image/webp': '.webp',
    'message/delivery-status': '.txt',
    'message/disposition-notification': '.txt',
    'message/global': '.eml',
    'message/rfc822': '.eml',
    'text/calendar': '.ics',
    'text/css': '.css',
    'text/csv': '.csv',
    'text/html': '.html',
    'text/plain': '.txt',
    'text/rfc822-headers': '.txt',
    'text/rtf': '.rtf',
    'text/vcard': '.vcf',
    'text/x-vcard': '.vcf',
    'text/xml': '.xml',
    'video/mp4': '.mp4',
  }),
)

export const extensionOf = (type: string): string => EXTENSIONS.get(type) ?? '.bin'

const cutName = (name: string): string => {
  if (Buffer.byteLength(name) <= MAX_BYTES) return name
  const ending = /\.[^.]{1,16}$/.exec(name)?.[0] ?? ''
  let stem = [...name.slice(0, name.length - ending.length)].slice(0, MAX_BYTES)
  while (Buffer.byteLength(stem.join('') + ending) > MAX_BYTES) stem = stem.slice(0, -1)
  return stem.join('') + ending
}

/**
 * A name under which a file can be saved anywhere: no path, no control characters, nothing that a system forbids or reads
 * backwards, at most 255 bytes. '' if nothing is left.
 */
export const safeFileName = (name: string): string => {
  const last = displayText(name, 1000).split(/[/\\]/).at(-1) as string
  const clean = last.replace(FORBIDDEN, '_').replace(/^[\s.]+|[\s.]+$/g, '')
  return cutName(RESERVED.test(clean) ? `_${clean}` : clean)
}
