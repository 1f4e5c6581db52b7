export type Row = Readonly<Record<string, string | number | boolean | readonly string[]>>

/** Where a command's answer goes: a table for people, or one JSON document for programs. */
export type Output = {
  rows(rows: readonly Row[]): void
  /** One line for people; the object for programs. */
  done(line: string, value: Row): void
  /** Only for people, on standard error, overwritten in place on a terminal. */
  progress(line: string): void
}

type Stream = { readonly isTTY?: boolean; write(text: string): unknown }
type Streams = { readonly stdout: Stream; readonly stderr: Stream }

export const createOutput = (json: boolean, { stdout, stderr }: Streams): Output => ({
  rows: (rows) => void stdout.write(json ? `${JSON.stringify(rows, null, 2)}\n` : table(rows)),
  done: (line, value) => void stdout.write(json ? `${JSON.stringify(value)}\n` : `${line}\n`),
  progress: json
    ? () => {}
    : (line) => void stderr.write(stderr.isTTY === true ? `\r\u001b[K${line}` : `${line}\n`),
})

const table = (rows: readonly Row[]): string => {
  const [first] = rows
  if (first === undefined) return '(none)\n'
  const names = Object.keys(first)
  const lines = [
    names.map((name) => name.toUpperCase()),
    ...rows.map((row) => names.map((name) => cell(row[name]))),
  ]
  const widths = names.map((_, column) => Math.max(...lines.map((line) => [...(line[column] ?? '')].length)))
  return lines
    .map(
      (line) =>
        `${line
          .map((text, i) => text.padEnd(widths[i] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}

/** Control characters of a name from outside must not reach a terminal. */
const cell = (value: Row[string] | undefined): string =>
  (Array.isArray(value) ? value.join(', ') : String(value ?? '')).replace(/\p{Cc}/gu, '\ufffd')

/** 2026-11-25 10:20, or "-" where there is no such moment. */
export const moment = (at: number): string =>
  at === 0 ? '-' : new Date(at).toISOString().slice(0, 16).replace('T', ' ')
