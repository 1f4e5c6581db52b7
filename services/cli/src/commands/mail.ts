import { readdir } from 'node:fs/promises'
import {
  createMailWriter,
  importRequests,
  MAIL_FORMATS,
  type MailFile,
  type MailFormat,
  NO_MARKS,
  readMailFiles,
} from '@relais/mail-files'
import type { ExportHeader, ExportResponse } from '@relais/proto/mail/v1/mail.ts'
import { type Command, Option } from 'commander'
import { accountOf, asOperatorFor } from '../accounts.ts'
import type { Output } from '../output.ts'
import type { Act, Session } from '../session.ts'
import { UsageError } from '../usage-error.ts'

const LONG = { timeoutMs: 24 * 3600_000 }
const PROGRESS_EVERY = 100

export const addMailCommands = (program: Command, act: Act) => {
  const mail = program.command('mail').description('import and export mailboxes')
  mail
    .command('import <address> <path>')
    .description('put an mbox, .eml file, Maildir or a folder of these into an account')
    .option('--into <mailbox>', 'below this mailbox, e.g. Old/2019; made where it is missing')
    .action(act(importMail))
  mail
    .command('export <address> <folder>')
    .description('write all mail of an account into a new folder')
    .addOption(new Option('--format <format>', 'how').choices(MAIL_FORMATS).default('mbox'))
    .action(act(exportMail))
}

const importMail = async (
  { connection, output }: Session,
  address: string,
  path: string,
  { into = '' }: { into?: string },
) => {
  const account = await accountOf(connection, address)
  const owner = { tenant: account.tenant, account: account.account }
  const below = into.split('/').filter((name) => name !== '')
  const requests = importRequests({ ...owner, below }, counted(readMailFiles(path), output))
  const answer = await connection.mail.import(requests, { ...asOperatorFor(account), ...LONG })
  for (const { index, reason } of answer.refusals) process.stderr.write(`\nmessage ${index + 1}: ${reason}\n`)
  output.done(`${answer.imported} messages imported, ${answer.refused} refused`, {
    imported: answer.imported,
    refused: answer.refused,
  })
  if (answer.refused > 0) process.exitCode = 1
}

async function* counted(messages: AsyncIterable<MailFile>, output: Output): AsyncGenerator<MailFile> {
  let count = 0
  for await (const message of messages) {
    yield message
    if (++count % PROGRESS_EVERY === 0) output.progress(`${count} messages, at ${message.source}`)
  }
}

const exportMail = async (
  { connection, output }: Session,
  address: string,
  folder: string,
  { format }: { format: MailFormat },
) => {
  await refuseFilled(folder)
  const account = await accountOf(connection, address)
  const { tenant } = account
  const answer = connection.mail.export(
    { tenant, account: account.account, mailboxes: [] },
    { ...asOperatorFor(account), ...LONG },
  )
  const writer = createMailWriter(folder, format)
  let count = 0
  for await (const { header, chunks } of messagesOf(answer)) {
    await writer.write({ ...describe(header), chunks })
    if (++count % PROGRESS_EVERY === 0) output.progress(`${count} messages`)
  }
  await writer.close()
  output.done(`${count} messages written to ${folder}`, { exported: count, folder, format })
}

const refuseFilled = async (folder: string) => {
  const names = await readdir(folder).catch(() => [])
  if (names.length > 0) throw new UsageError(`${folder} isn't empty: give a new folder`)
}

const describe = ({ path, state, receivedAt, envelopeSender }: ExportHeader) => ({
  path,
  receivedAt,
  envelopeSender,
  marks: {
    ...NO_MARKS,
    seen: state?.seen === true,
    draft: state?.draft === true,
    flagged: state?.flag?.status === 'active',
    answered: state?.lastVerb === 1 || state?.lastVerb === 2,
  },
})

type Exported = { readonly header: ExportHeader; readonly chunks: AsyncIterable<Uint8Array> }

/** A stream of headers and chunks, cut into messages; each one's chunks are read to their end before the next. */
export async function* messagesOf(answer: AsyncIterable<ExportResponse>): AsyncGenerator<Exported> {
  const parts = answer[Symbol.asyncIterator]()
  let next = await parts.next()
  const chunks = async function* () {
    for (
      next = await parts.next();
      !next.done && next.value.part?.$case === 'chunk';
      next = await parts.next()
    )
      yield next.value.part.value
  }
  while (!next.done) {
    if (next.value.part?.$case !== 'header')
      throw new UsageError('the server sent a message without its header')
    yield { header: next.value.part.value, chunks: chunks() }
  }
}
