/**
 * As much WBXML as a load generator needs, kept apart from the server's codec so that one can't hide a mistake of the other,
 * and lean, since it shares two cores with what it measures.
 */

/** `[page, token]` of the elements used here (MS-ASWBXML). */
export const T = {
  sync: [0, 0x05],
  add: [0, 0x07],
  change: [0, 0x08],
  delete: [0, 0x09],
  syncKey: [0, 0x0b],
  serverId: [0, 0x0d],
  status: [0, 0x0e],
  collection: [0, 0x0f],
  collectionId: [0, 0x12],
  getChanges: [0, 0x13],
  moreAvailable: [0, 0x14],
  windowSize: [0, 0x15],
  commands: [0, 0x16],
  options: [0, 0x17],
  filterType: [0, 0x18],
  softDelete: [0, 0x21],
  mimeSupport: [0, 0x22],
  collections: [0, 0x1c],
  applicationData: [0, 0x1d],
  read: [2, 0x15],
  folderName: [7, 0x07],
  folderServerId: [7, 0x08],
  folderType: [7, 0x0a],
  folderStatus: [7, 0x0c],
  folderAdd: [7, 0x0f],
  folderKey: [7, 0x12],
  folderSync: [7, 0x16],
  ping: [13, 0x05],
  pingStatus: [13, 0x07],
  heartbeat: [13, 0x08],
  folders: [13, 0x09],
  folder: [13, 0x0a],
  id: [13, 0x0b],
  class: [13, 0x0c],
  search: [15, 0x05],
  store: [15, 0x07],
  storeName: [15, 0x08],
  query: [15, 0x09],
  searchOptions: [15, 0x0a],
  searchRange: [15, 0x0b],
  searchStatus: [15, 0x0c],
  result: [15, 0x0e],
  total: [15, 0x10],
  and: [15, 0x13],
  freeText: [15, 0x15],
  fileReference: [17, 0x11],
  itemOperations: [20, 0x05],
  fetch: [20, 0x06],
  fetchStore: [20, 0x07],
  fetchOptions: [20, 0x08],
  fetchRange: [20, 0x09],
  fetchStatus: [20, 0x0d],
  bodyPreference: [17, 0x05],
  bodyType: [17, 0x06],
  truncationSize: [17, 0x07],
} as const satisfies Record<string, readonly [number, number]>

export type Tag = readonly [page: number, token: number]
export type Element = readonly [Tag, ...(string | Element)[]]

const HEADER = [0x03, 0x01, 0x6a, 0x00]

export const encode = (root: Element): Buffer => {
  const bytes = [...HEADER]
  let page = 0
  const write = ([[tagPage, token], ...content]: Element) => {
    if (tagPage !== page) bytes.push(0x00, tagPage)
    page = tagPage
    bytes.push(content.length === 0 ? token : token | 0x40)
    for (const item of content) {
      if (typeof item === 'string') bytes.push(0x03, ...Buffer.from(item), 0x00)
      else write(item)
    }
    if (content.length > 0) bytes.push(0x01)
  }
  write(root)
  return Buffer.from(bytes)
}

export type Seen = (page: number, token: number, text: string | undefined) => void

/** Calls `seen` at each element's start, with its text where text follows at once. What is cut off in the middle ends there. */
export const scan = (bytes: Buffer, seen: Seen): void => {
  let at = HEADER.length
  let page = 0
  while (at < bytes.length) {
    const byte = bytes[at++]!
    if (byte === 0x00) page = bytes[at++]!
    else if (byte === 0x03) at = textEnd(bytes, at) + 1
    else if (byte === 0xc3) at = afterOpaque(bytes, at)
    else if (byte !== 0x01) at = element(bytes, at, [page, byte], seen)
  }
}

const element = (bytes: Buffer, at: number, [page, byte]: Tag, seen: Seen): number => {
  const hasText = (byte & 0x40) !== 0 && bytes[at] === 0x03
  if (!hasText) {
    seen(page, byte & 0x3f, undefined)
    return at
  }
  const end = textEnd(bytes, at)
  seen(page, byte & 0x3f, bytes.toString('utf8', at + 1, end))
  return end + 1
}

const textEnd = (bytes: Buffer, at: number): number => {
  const end = bytes.indexOf(0, at)
  return end === -1 ? bytes.length : end
}

const afterOpaque = (bytes: Buffer, start: number): number => {
  let at = start
  let length = 0
  for (let byte = 0x80; (byte & 0x80) !== 0; ) {
    byte = bytes[at++]!
    length = length * 128 + (byte & 0x7f)
  }
  return at + length
}
