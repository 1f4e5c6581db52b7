import { hash } from 'node:crypto'
import type { S3Client } from './client.ts'
import { unusable } from './faults.ts'
import { deleteObject, headObject, storedHeaders } from './objects.ts'
import { parseXml, textAt } from './xml.ts'

/** Parts may be from 5 MiB to 5 GiB, all but the last of one size with some servers, and at most 10,000. */
export const PART_BYTES = 8 * 1024 * 1024

/** A server copies at most 5 GiB in one call; what it joins or copies it may take minutes for. */
export const MAX_UPLOAD_BYTES = 5 * 1024 * 1024 * 1024
const COPY_WITHIN_MS = 5 * 60_000

type Uploading = { readonly client: S3Client; readonly key: string; readonly uploadId: string }

const textOf = (bytes: Uint8Array, ...path: readonly string[]): string => {
  const text = textAt(parseXml(bytes), ...path)
  if (text === '') throw unusable(`no ${path.at(-1)}`)
  return text
}

/** Large content on its way to a bucket, in parts, under a key of its own; then copied where it belongs. */
export class Upload {
  readonly #uploading: Uploading
  readonly #parts: string[] = []
  #size = 0
  #joined = false

  private constructor(uploading: Uploading) {
    this.#uploading = uploading
  }

  static async begin(client: S3Client, key: string): Promise<Upload> {
    const { bytes } = await client.call({
      method: 'POST',
      key,
      query: { uploads: '' },
      headers: storedHeaders(Date.now()),
    })
    const uploadId = textOf(bytes, 'InitiateMultipartUploadResult', 'UploadId')
    return new Upload({ client, key, uploadId })
  }

  /** Sends the next part; the server compares its SHA-256. */
  async add(part: Uint8Array): Promise<void> {
    const { client, key, uploadId } = this.#uploading
    const query = { partNumber: String(this.#parts.length + 1), uploadId }
    const { headers } = await client.call({
      method: 'PUT',
      key,
      query,
      body: part,
      sha256: hash('sha256', part, 'hex'),
    })
    this.#parts.push(headers.etag ?? '')
    this.#size += part.length
  }

  /** Makes one object of the parts. */
  async join(): Promise<void> {
    const { client, key, uploadId } = this.#uploading
    const answer = await client.call({
      method: 'POST',
      key,
      query: { uploadId },
      body: Buffer.from(listOf(this.#parts)),
      answerWithinMs: COPY_WITHIN_MS,
      mayBeAbsent: true,
    })
    this.#joined = true
    // The answer to an earlier attempt was lost: the upload is gone, for it was joined.
    if (answer.status === 404 && (await headObject(client, key))?.size !== this.#size)
      throw unusable('the parts of an upload are gone')
  }

  /** Copies the joined object inside the store. */
  async copyTo(target: string, source: string, now: number): Promise<void> {
    await this.#uploading.client.call({
      method: 'PUT',
      key: target,
      headers: {
        'x-amz-copy-source': `${source}/${this.#uploading.key}`,
        'x-amz-metadata-directive': 'REPLACE',
        ...storedHeaders(now),
      },
      answerWithinMs: COPY_WITHIN_MS,
    })
  }

  /** Leaves nothing of it. */
  async remove(): Promise<void> {
    const { client, key, uploadId } = this.#uploading
    if (this.#joined) await deleteObject(client, key)
    else await client.call({ method: 'DELETE', key, query: { uploadId }, mayBeAbsent: true })
  }
}

const listOf = (etags: readonly string[]): string => {
  const part = (etag: string, at: number) =>
    `<Part><PartNumber>${at + 1}</PartNumber><ETag>${escaped(etag)}</ETag></Part>`
  return `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${etags.map(part).join('')}</CompleteMultipartUpload>`
}

const escaped = (text: string) => text.replace(/[<>&]/g, (character) => `&#${character.charCodeAt(0)};`)
