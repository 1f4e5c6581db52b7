import type { Command } from 'commander'
import { accountOf } from '../accounts.ts'
import { receiveBackup } from '../backup/receive.ts'
import { restoreBackup } from '../backup/restore.ts'
import { createOutput, moment } from '../output.ts'
import type { Act, Session, Surroundings } from '../session.ts'

const LONG = { timeoutMs: 24 * 3600_000 }

export const addInstallationCommands = (program: Command, act: Act, surroundings: Surroundings) => {
  program.command('status').description('is it well?').action(act(status))
  program
    .command('backup <folder>')
    .description('copy everything into a new folder, consistent, while Relais runs')
    .action(act(backup))
  program
    .command('restore <backup> <data>')
    .description('make a data folder from a backup; start Relais on it afterwards')
    .action(async (from: string, to: string, _options: object, command: Command) => {
      const output = createOutput(command.optsWithGlobals<{ json: boolean }>().json, surroundings)
      const { files, bytes } = await restoreBackup(from, to, output.progress)
      output.done(`${files} files (${bytes} bytes) restored to ${to}`, { files, bytes, folder: to })
    })
  const queue = program.command('queue').description('mail on its way out')
  queue.command('list').description('what waits, and why').action(act(listQueue))
  queue.command('retry <address> <submission>').description('try it again now').action(act(retryQueue))
}

const status = async ({ connection, output }: Session) => {
  const { version, startedAt, heldRequests, services } = await connection.installation.status({})
  output.rows(
    services.map(({ service, health, checkpoint, head }) => ({
      service,
      health,
      behind: Math.max(0, head - checkpoint),
      version,
      since: moment(startedAt),
      'waiting phones': heldRequests,
    })),
  )
}

const backup = async ({ connection, output }: Session, folder: string) => {
  const answer = connection.installation.backup({}, LONG)
  const { files, bytes } = await receiveBackup(answer, folder, output.progress)
  output.done(`${files} files (${bytes} bytes) saved to ${folder}`, { files, bytes, folder })
}

const listQueue = async ({ connection, output }: Session) => {
  const { recipients } = await connection.mailTransport.listQueue({
    tenant: '',
    pageSize: 1000,
    pageToken: '',
  })
  output.rows(
    recipients.map((recipient) => ({
      tenant: recipient.tenant,
      submission: recipient.submission,
      recipient: recipient.recipient,
      attempts: recipient.attempts,
      'next attempt': moment(recipient.nextAttemptAt),
      'last reply': recipient.lastReply,
    })),
  )
}

const retryQueue = async ({ connection, output }: Session, address: string, submission: string) => {
  const { tenant } = await accountOf(connection, address)
  const { recipients } = await connection.mailTransport.retryQueue({ tenant, submission: Number(submission) })
  output.done(`${recipients} recipients are tried again`, { recipients })
}
