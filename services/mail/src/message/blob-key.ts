import { indexKey } from './conversation.ts'

/** 52 bits by which a blob's messages are found: blob ids are SHA-256 in hex. */
export const blobKey = (blob: string): number =>
  /^[0-9a-f]{13}/.test(blob) ? Number.parseInt(blob.slice(0, 13), 16) : indexKey(blob)
