/** One entry of a tar archive. Owner and times aren't kept: everything is root's and of the same moment. */
export type Entry =
  | { readonly kind: 'file'; readonly path: string; readonly mode: number; readonly bytes: Uint8Array }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'folder'; readonly path: string; readonly mode: number }

const BLOCK = 512
const TYPE = { file: '0', link: '2', folder: '5' } as const

/** Orders by code point, whatever the machine's language. */
export const byPath = (one: { readonly path: string }, other: { readonly path: string }): number =>
  one.path < other.path ? -1 : one.path > other.path ? 1 : 0

/** POSIX tar (ustar with pax for long names) of the entries in order of their paths, folders above them added: the same bytes each time. */
export const writeTar = (entries: readonly Entry[]): Buffer => {
  const sorted = [...withFolders(entries)].sort(byPath)
  return Buffer.concat([...sorted.flatMap(blocksOf), Buffer.alloc(2 * BLOCK)])
}

const withFolders = (entries: readonly Entry[]): Iterable<Entry> => {
  const all = new Map<string, Entry>()
  for (const entry of entries) {
    if (all.has(entry.path)) throw new Error(`${entry.path} is in the archive twice`)
    all.set(entry.path, entry)
  }
  for (const { path } of entries)
    for (const above of foldersAbove(path))
      if (!all.has(above)) all.set(above, { kind: 'folder', path: above, mode: 0o755 })
  return all.values()
}

const foldersAbove = (path: string): string[] => {
  const parts = path.split('/')
  return parts.slice(1).map((_, n) => parts.slice(0, n + 1).join('/'))
}

const blocksOf = (entry: Entry): Buffer[] => {
  const content = entry.kind === 'file' ? Buffer.from(entry.bytes) : Buffer.alloc(0)
  const name = entry.kind === 'folder' ? `${entry.path}/` : entry.path
  const target = entry.kind === 'link' ? entry.target : ''
  const long = paxRecords({ path: name, linkpath: target })
  const head = header({
    ...{ name: name.slice(-100), target: target.slice(-100), size: content.length },
    mode: entry.kind === 'link' ? 0o777 : entry.mode,
    type: TYPE[entry.kind],
  })
  return [...(long === undefined ? [] : padded(long, 'x')), head, content, padding(content.length)]
}

/** What a name of 100 bytes or more needs; ustar's own splitting isn't understood by everybody. */
const paxRecords = (fields: Readonly<Record<string, string>>): Buffer | undefined => {
  const records = Object.entries(fields)
    .filter(([, value]) => Buffer.byteLength(value) >= 100)
    .map(([key, value]) => paxRecord(key, value))
  return records.length === 0 ? undefined : Buffer.concat(records)
}

/** A record begins with its own length. */
const paxRecord = (key: string, value: string): Buffer => {
  const rest = Buffer.from(` ${key}=${value}\n`)
  let length = rest.length + 1
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length
  return Buffer.concat([Buffer.from(String(length)), rest])
}

const padded = (content: Buffer, type: string): Buffer[] => [
  header({ name: 'pax', target: '', size: content.length, mode: 0o644, type }),
  content,
  padding(content.length),
]

const padding = (size: number) => Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK)

type Header = {
  readonly name: string
  readonly target: string
  readonly size: number
  readonly mode: number
  readonly type: string
}

const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0')

const header = ({ name, target, size, mode, type }: Header): Buffer => {
  const block = Buffer.alloc(BLOCK)
  block.write(name, 0, 100)
  block.write(`${octal(mode, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0${octal(size, 11)}\0${octal(0, 11)}\0`, 100)
  block.write(`        ${type}`, 148)
  block.write(target, 157, 100)
  block.write('ustar\0' + '00', 257)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${octal(sum, 6)}\0 `, 148)
  return block
}
