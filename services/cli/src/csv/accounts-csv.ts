import type { Readable } from 'node:stream'
import type { NewAccount } from '@relais/proto/directory/v1/directory.ts'
import { CsvError, parse } from 'csv-parse'
import { UsageError } from '../usage-error.ts'

const COLUMNS = [
  'address',
  'password',
  'name',
  'aliases',
  'locale',
  'time_zone',
  'quota',
  'picture',
  'certificate',
] as const
type Column = (typeof COLUMNS)[number]
type Line = Partial<Record<Column, string>>

/** An account to be made, and the files that belong to it as the CSV names them; '': none. */
export type ImportedAccount = NewAccount & { readonly picture: string; readonly certificate: string }

/**
 * Accounts of a CSV file (RFC 4180, UTF-8, comma or semicolon) with a header line; `address` is required, aliases are separated
 * by spaces, quota is in bytes, picture and certificate are files. Any length in bounded memory. Errors: {@link UsageError} with the line.
 */
export async function* readAccountsCsv(source: Readable): AsyncGenerator<ImportedAccount> {
  const parser = source.pipe(
    parse({
      columns: header,
      bom: true,
      delimiter: [',', ';'],
      skip_empty_lines: true,
      trim: true,
      max_record_size: 64 * 1024,
      info: true,
    }),
  )
  source.on('error', (error) => parser.destroy(error))
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: Line; info: { lines: number } }>)
      yield account(record, info.lines)
  } catch (error) {
    throw error instanceof CsvError
      ? new UsageError(`the CSV can't be read: ${error.message}`, { cause: error })
      : error
  }
}

const header = (names: readonly string[]): string[] => {
  const columns = names.map((name) => name.toLowerCase().replace(/[\s-]+/g, '_'))
  if (!columns.includes('address'))
    throw new UsageError('the CSV needs a header line with a column "address"')
  const unknown = columns.filter((name) => !COLUMNS.some((column) => column === name))
  if (unknown.length > 0)
    throw new UsageError(
      `the CSV has an unknown column ${unknown.join(', ')}; known are ${COLUMNS.join(', ')}`,
    )
  return columns
}

const account = (line: Line, number: number): ImportedAccount => {
  const quotaBytes = Number(line.quota || 0)
  if (!Number.isSafeInteger(quotaBytes) || quotaBytes < 0)
    throw new UsageError(`line ${number}: the quota ${line.quota} isn't a number of bytes`)
  if (!line.address) throw new UsageError(`line ${number}: the address is missing`)
  return {
    address: line.address,
    password: line.password ?? '',
    displayName: line.name ?? '',
    aliases: (line.aliases ?? '').split(/\s+/).filter((alias) => alias !== ''),
    locale: line.locale ?? '',
    timeZone: line.time_zone ?? '',
    quotaBytes,
    attributes: {},
    picture: line.picture ?? '',
    certificate: line.certificate ?? '',
  }
}
