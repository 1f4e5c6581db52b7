import type { Entry } from './tar.ts'

const BLOCK = 512

const text = (bytes: Buffer): string => {
  const end = bytes.indexOf(0)
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end)
}

const pathOf = (name: string) => name.replace(/^(\.\/|\/)+/, '').replace(/\/$/, '')

/** The regular files, symbolic links and folders of a tar archive (ustar, GNU's and pax' long names). Errors: one that ends too early. */
export const readTar = (archive: Buffer): Entry[] => {
  const entries: Entry[] = []
  let long: { path?: string; target?: string } = {}
  for (let at = 0; at + BLOCK <= archive.length && archive[at] !== 0; ) {
    const head = archive.subarray(at, at + BLOCK)
    const size = Number.parseInt(text(head.subarray(124, 136)).trim() || '0', 8)
    const content = archive.subarray(at + BLOCK, at + BLOCK + size)
    if (content.length < size) throw new Error('the archive ends in the middle of a file')
    const type = String.fromCharCode(head[156] ?? 0)
    const isLong = LONG[type]
    if (isLong) long = { ...long, ...isLong(content) }
    else {
      const entry = entryOf(head, type, content, long)
      if (entry) entries.push(entry)
      long = {}
    }
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
  }
  return entries
}

const LONG: Readonly<Record<string, (content: Buffer) => { path?: string; target?: string }>> = {
  L: (content) => ({ path: text(content) }),
  K: (content) => ({ target: text(content) }),
  x: (content) => pax(content.toString('utf8')),
}

const pax = (records: string): { path?: string; target?: string } => ({
  ...(/^\d+ path=(.*)$/m.exec(records) ? { path: /^\d+ path=(.*)$/m.exec(records)?.[1] } : {}),
  ...(/^\d+ linkpath=(.*)$/m.exec(records) ? { target: /^\d+ linkpath=(.*)$/m.exec(records)?.[1] } : {}),
})

const entryOf = (
  head: Buffer,
  type: string,
  content: Buffer,
  long: { path?: string; target?: string },
): Entry | undefined => {
  const prefix = text(head.subarray(345, 500))
  const name = text(head.subarray(0, 100))
  const isUstar = text(head.subarray(257, 263)) === 'ustar'
  const path = pathOf(long.path ?? (isUstar && prefix !== '' ? `${prefix}/${name}` : name))
  const mode = Number.parseInt(text(head.subarray(100, 108)).trim() || '644', 8) & 0o777
  if (path === '' || path === '.') return undefined
  if (type === '2') return { kind: 'link', path, target: long.target ?? text(head.subarray(157, 257)) }
  if (type === '5') return { kind: 'folder', path, mode }
  return type === '0' || type === '\0' ? { kind: 'file', path, mode, bytes: content } : undefined
}
