import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Account } from '@relais/proto/directory/v1/directory.ts'
import type { Command } from 'commander'
import { accountOf, asOperatorFor, tenantOf } from '../accounts.ts'
import { type ImportedAccount, readAccountsCsv } from '../csv/accounts-csv.ts'
import { moment, type Row } from '../output.ts'
import { readPassword } from '../password.ts'
import type { Act, Session } from '../session.ts'
import { readSmallFile } from '../small-file.ts'
import { UsageError } from '../usage-error.ts'
import { addPeopleFileCommands, pictureSize } from './people-files.ts'

/** The directory takes up to 1,000 a call; half of it keeps progress moving. */
const BATCH = 500
const SLOW = { timeoutMs: 600_000 }

export const addAccountCommands = (program: Command, act: Act) => {
  const account = program.command('account').description('people and their mailboxes')
  account
    .command('list <tenant>')
    .description('its accounts')
    .option('--query <text>', 'only those with this in address or name')
    .action(act(list))
  account.command('show <address>').description('one account').action(act(show))
  account
    .command('create <address>')
    .description('make an account; the password is asked for, or read from a pipe')
    .option('--name <name>', 'display name')
    .option('--locale <locale>', 'language of its mailbox names, e.g. fr')
    .option('--time-zone <zone>', 'IANA time zone, e.g. Europe/Paris')
    .option('--quota <bytes>', 'limit of its mail; 0 is none', bytes)
    .action(act(create))
  account
    .command('import <tenant> <file.csv>')
    .description(
      'make accounts from CSV with a header: address,password,name,aliases,locale,time_zone,quota,picture,certificate; the last two name files',
    )
    .action(act(importCsv))
  account
    .command('set <address>')
    .description('change an account')
    .option('--name <name>', 'display name')
    .option('--locale <locale>', 'language')
    .option('--time-zone <zone>', 'IANA time zone')
    .option('--quota <bytes>', 'limit of its mail; 0 is none', bytes)
    .action(act(update))
  for (const [name, state, description] of STATES)
    account
      .command(`${name} <address>`)
      .description(description)
      .action(act(setState(state)))
  account
    .command('delete <address>')
    .description('erase an account and everything it has; can not be undone')
    .requiredOption('--yes', 'yes, erase it')
    .action(act(remove))
  addPeopleFileCommands(account, act)
  addAliasCommands(program, act)
  addPasswordCommands(program, act)
}

const STATES = [
  ['lock', 'locked', 'it can not sign in, mail still arrives'],
  ['suspend', 'suspended', 'it can not sign in, mail is refused'],
  ['activate', 'active', 'end a lock or a suspension'],
] as const

const addAliasCommands = (program: Command, act: Act) => {
  const alias = program.command('alias').description('further addresses of an account')
  alias
    .command('add <address> <alias>')
    .description('mail to the alias arrives here too')
    .action(act(addAlias))
  alias.command('remove <address> <alias>').description('give an alias up').action(act(removeAlias))
}

const addPasswordCommands = (program: Command, act: Act) => {
  program
    .command('password <address>')
    .description('set a password: asked for, or read from a pipe')
    .action(act(setPassword))
  const app = program.command('app-password').description('passwords for one device or program')
  app
    .command('create <address> <name>')
    .description('make one; it is shown once')
    .option('--scope <scope...>', 'only for eas, submission, ...', [])
    .option('--expires <date>', 'e.g. 2027-01-31')
    .action(act(createAppPassword))
  app.command('list <address>').description('names, scopes, last use').action(act(listAppPasswords))
  app.command('revoke <address> <id>').description('end one').action(act(revokeAppPassword))
}

const bytes = (value: string): number => {
  const number = Number(value)
  if (!Number.isSafeInteger(number) || number < 0) throw new UsageError(`${value} isn't a number of bytes`)
  return number
}

const row = (account: Account): Row => ({
  address: account.address,
  name: account.displayName,
  state: account.state,
  aliases: account.aliases,
  quota: account.quotaBytes,
  'last sign-in': moment(account.lastSignIn),
})

const list = async ({ connection, output }: Session, name: string, { query = '' }: { query?: string }) => {
  const { tenant } = await tenantOf(connection, name)
  const rows: Row[] = []
  let pageToken = ''
  do {
    const page = await connection.directory.listAccounts({ tenant, query, pageSize: 1000, pageToken })
    rows.push(...page.accounts.map(row))
    pageToken = page.nextPageToken
  } while (pageToken !== '')
  output.rows(rows)
}

const show = async ({ connection, output }: Session, address: string) => {
  const account = await accountOf(connection, address)
  const usage = await connection.mail.getUsage(
    { tenant: account.tenant, account: account.account },
    asOperatorFor(account),
  )
  output.rows([
    {
      ...row(account),
      tenant: account.tenant,
      id: account.account,
      locale: account.locale,
      'time zone': account.timeZone,
      used: usage.usedBytes,
      messages: usage.messages,
      picture: await pictureSize(connection, account),
    },
  ])
}

type Fields = { name?: string; locale?: string; timeZone?: string; quota?: number }

const create = async ({ connection, output }: Session, address: string, fields: Fields) => {
  const { tenant } = await tenantOf(connection, address.split('@')[1] ?? '')
  const password = await readPassword(process.stdin, process.stderr)
  const account = {
    address,
    password,
    displayName: fields.name ?? '',
    locale: fields.locale ?? '',
    timeZone: fields.timeZone ?? '',
    quotaBytes: fields.quota ?? 0,
  }
  const { accounts } = await connection.directory.createAccounts({ tenant, accounts: [account] }, SLOW)
  const [made] = accounts
  if (made === undefined || made.account === '')
    throw new UsageError(`${address}: ${made?.reason ?? 'was refused'}`)
  output.done(`account ${made.address} made`, { address: made.address, account: made.account })
}

const importCsv = async ({ connection, output }: Session, name: string, file: string) => {
  const { tenant } = await tenantOf(connection, name)
  const { size } = await stat(file)
  const stream = createReadStream(file)
  const tally = { made: 0, refused: 0 }
  let batch: ImportedAccount[] = []
  const send = async () => {
    const refusals = await sendBatch(connection, { tenant, batch, folder: dirname(file) }, tally)
    for (const line of refusals) process.stderr.write(`${line}\n`)
    output.progress(
      `${tally.made} made, ${tally.refused} refused, ${Math.floor((stream.bytesRead / size) * 100)} %`,
    )
    batch = []
  }
  for await (const account of readAccountsCsv(stream)) if (batch.push(account) === BATCH) await send()
  if (batch.length > 0) await send()
  output.done(`${tally.made} accounts made, ${tally.refused} refused`, tally)
  if (tally.refused > 0) process.exitCode = 1
}

type Batch = {
  readonly tenant: string
  readonly batch: readonly ImportedAccount[]
  /** Where the files are that it names. */
  readonly folder: string
}

type Tally = { made: number; refused: number }

const sendBatch = async (
  connection: Session['connection'],
  { tenant, batch, folder }: Batch,
  tally: Tally,
): Promise<readonly string[]> => {
  const { accounts } = await connection.directory.createAccounts({ tenant, accounts: [...batch] }, SLOW)
  const refused = accounts.filter(({ account }) => account === '')
  tally.made += accounts.length - refused.length
  const said = refused.map(({ address, reason }) => `${address}: ${reason}`)
  for (const [n, { address, account }] of accounts.entries()) {
    const { picture = '', certificate = '' } = batch[n] ?? {}
    if (account === '') continue
    const files = {
      picture: picture && resolve(folder, picture),
      certificate: certificate && resolve(folder, certificate),
    }
    await addFiles(connection, { tenant, account }, files).catch((error: Error) =>
      said.push(`${address}: ${error.message}`),
    )
  }
  tally.refused += said.length
  return said
}

/** The account is there already: what is wrong with a file is told, and the next account is looked at. */
const addFiles = async (
  { directory }: Session['connection'],
  key: { readonly tenant: string; readonly account: string },
  { picture, certificate }: { readonly picture: string; readonly certificate: string },
): Promise<void> => {
  if (picture !== '') await directory.setPicture({ ...key, content: await readSmallFile(picture) })
  if (certificate !== '')
    await directory.addCertificate({ ...key, certificate: await readSmallFile(certificate) })
}

const update = async ({ connection, output }: Session, address: string, fields: Fields) => {
  const { tenant, account } = await accountOf(connection, address)
  await connection.directory.updateAccount({
    tenant,
    account,
    displayName: fields.name,
    locale: fields.locale,
    timeZone: fields.timeZone,
    quotaBytes: fields.quota,
    attributes: {},
  })
  output.done(`account ${address} changed`, { address })
}

const setState =
  (state: string) =>
  async ({ connection, output }: Session, address: string) => {
    const { tenant, account } = await accountOf(connection, address)
    await connection.directory.setAccountState({ tenant, account, state })
    output.done(`account ${address} is ${state}`, { address, state })
  }

const remove = async ({ connection, output }: Session, address: string) => {
  const { tenant, account } = await accountOf(connection, address)
  await connection.directory.deleteAccount({ tenant, account })
  output.done(`account ${address} is erased`, { address })
}

const addAlias = async ({ connection, output }: Session, address: string, alias: string) => {
  const { tenant, account } = await accountOf(connection, address)
  await connection.directory.addAlias({ tenant, account, address: alias })
  output.done(`${alias} is an address of ${address}`, { address, alias })
}

const removeAlias = async ({ connection, output }: Session, address: string, alias: string) => {
  const { tenant, account } = await accountOf(connection, address)
  await connection.directory.removeAlias({ tenant, account, address: alias })
  output.done(`${alias} is no longer an address of ${address}`, { address, alias })
}

const setPassword = async ({ connection, output }: Session, address: string) => {
  const { tenant, account } = await accountOf(connection, address)
  const password = await readPassword(process.stdin, process.stderr)
  await connection.directory.setPassword({ tenant, account, password }, SLOW)
  output.done(`the password of ${address} is set`, { address })
}

type AppPasswordOptions = { scope: string[]; expires?: string }

const createAppPassword = async (
  { connection, output }: Session,
  address: string,
  name: string,
  { scope, expires }: AppPasswordOptions,
) => {
  const { tenant, account } = await accountOf(connection, address)
  const expiresAt = expires === undefined ? 0 : Date.parse(expires)
  if (Number.isNaN(expiresAt)) throw new UsageError(`${expires} isn't a date such as 2027-01-31`)
  const made = await connection.directory.createAppPassword({
    tenant,
    account,
    name,
    scopes: scope,
    expiresAt,
  })
  output.done(`${made.password}\n(id ${made.id}; it isn't shown again)`, {
    id: made.id,
    password: made.password,
  })
}

const listAppPasswords = async ({ connection, output }: Session, address: string) => {
  const { tenant, account } = await accountOf(connection, address)
  const { appPasswords } = await connection.directory.listAppPasswords({ tenant, account })
  output.rows(
    appPasswords.map(({ id, name, scopes, createdAt, expiresAt, lastUsedAt }) => ({
      id,
      name,
      scopes,
      created: moment(createdAt),
      expires: moment(expiresAt),
      'last used': moment(lastUsedAt),
    })),
  )
}

const revokeAppPassword = async ({ connection, output }: Session, address: string, id: string) => {
  const { tenant, account } = await accountOf(connection, address)
  await connection.directory.revokeAppPassword({ tenant, account, id })
  output.done(`app password ${id} of ${address} is revoked`, { address, id })
}
