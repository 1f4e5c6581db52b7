import type { S3Client } from './client.ts'
import { unusable } from './faults.ts'
import { childAt, childrenOf, type Element, parseXml, textAt } from './xml.ts'

export type ListedObject = {
  readonly key: string
  /** Milliseconds since 1970, of the beginning of its second: S3 tells no finer. */
  readonly modified: number
  readonly size: number
}

export type ListedUpload = { readonly key: string; readonly uploadId: string; readonly begun: number }

type Page = { readonly result: Element; readonly date: number }

const MAX_PAGES = 1_000_000

const parsed = (bytes: Uint8Array): Element => {
  try {
    return parseXml(bytes)
  } catch {
    throw unusable('no XML')
  }
}

const pageOf = async (client: S3Client, root: string, query: Record<string, string>): Promise<Page> => {
  const { bytes, headers } = await client.call({ method: 'GET', query })
  const result = childAt(parsed(bytes), root)
  if (!result) throw unusable(`no ${root}`)
  return { result, date: Date.parse(headers.date ?? '') }
}

type Listing = { readonly prefix: string; readonly delimiter?: string }

async function* objectPages(client: S3Client, { prefix, delimiter }: Listing): AsyncGenerator<Page> {
  const query: Record<string, string> = { 'list-type': '2', prefix, ...(delimiter && { delimiter }) }
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const page = await pageOf(client, 'ListBucketResult', query)
    yield page
    const token = textAt(page.result, 'NextContinuationToken')
    if (textAt(page.result, 'IsTruncated') !== 'true' || token === '') return
    query['continuation-token'] = token
  }
}

const objectOf = (element: Element): ListedObject => ({
  key: textAt(element, 'Key'),
  modified: Math.floor(Date.parse(textAt(element, 'LastModified')) / 1000) * 1000,
  size: Number(textAt(element, 'Size')),
})

/** Objects under a prefix in order of their keys, up to 1,000 at a time, with the server's time of the page. */
export async function* listObjects(client: S3Client, prefix: string) {
  for await (const { result, date } of objectPages(client, { prefix }))
    yield { objects: childrenOf(result, 'Contents').map(objectOf), date }
}

/** Names directly under a prefix that others lie under. */
export const listFolders = async (client: S3Client, prefix: string): Promise<string[]> => {
  const names: string[] = []
  for await (const { result } of objectPages(client, { prefix, delimiter: '/' })) {
    const prefixes = childrenOf(result, 'CommonPrefixes').map((element) => textAt(element, 'Prefix'))
    names.push(...prefixes.map((whole) => whole.slice(prefix.length, -1)))
  }
  return names
}

const uploadOf = (element: Element): ListedUpload => ({
  key: textAt(element, 'Key'),
  uploadId: textAt(element, 'UploadId'),
  begun: Date.parse(textAt(element, 'Initiated')),
})

/** Uploads in parts under a prefix that were neither joined nor given up. */
export async function* listUploads(
  client: S3Client,
  prefix: string,
): AsyncGenerator<readonly ListedUpload[]> {
  const query: Record<string, string> = { uploads: '', prefix }
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const { result } = await pageOf(client, 'ListMultipartUploadsResult', query)
    yield childrenOf(result, 'Upload').map(uploadOf)
    if (textAt(result, 'IsTruncated') !== 'true') return
    query['key-marker'] = textAt(result, 'NextKeyMarker')
    query['upload-id-marker'] = textAt(result, 'NextUploadIdMarker')
  }
}

/** Header in which an object keeps when it was stored, to the millisecond. */
export const STORED_HEADER = 'x-amz-meta-relais-stored'

export type ObjectHead = {
  readonly size: number
  /** Milliseconds since 1970: within the second that the server tells, as its writer's clock said. */
  readonly stored: number
}

/** When an object was stored: the server tells the second, its writer the millisecond in it. */
export const storedTime = (modified: number, told: number): number =>
  Number.isFinite(told) ? Math.min(Math.max(told, modified), modified + 999) : modified

/** Undefined if there is no such object. */
export const headObject = async (client: S3Client, key: string): Promise<ObjectHead | undefined> => {
  const { status, headers } = await client.call({ method: 'HEAD', key, mayBeAbsent: true })
  if (status === 404) return undefined
  const told = Number.parseInt(headers[STORED_HEADER] ?? '', 10)
  return {
    size: Number(headers['content-length']),
    stored: storedTime(Date.parse(headers['last-modified'] ?? ''), told),
  }
}

/** Removes an object; one that isn't there is no error. */
export const deleteObject = async (client: S3Client, key: string, signedAt?: number): Promise<void> => {
  await client.call({ method: 'DELETE', key, mayBeAbsent: true, ...(signedAt !== undefined && { signedAt }) })
}

/** What an object is stored with. */
export const storedHeaders = (now: number) => ({
  'content-type': 'application/octet-stream',
  [STORED_HEADER]: String(now),
})
