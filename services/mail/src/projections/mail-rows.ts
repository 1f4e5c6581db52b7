import type { StoredCommit } from '@relais/event-log'
import type { Gathered, ReadModel, Writer } from '@relais/read-store'
import { MAIL_SERVICE, mailEvents } from '../events.ts'
import { arrive } from './arrivals.ts'
import { projectEvent } from './project-event.ts'
import type { Projection } from './projection.ts'
import { mailIndexes, mailSchema } from './schema.ts'
import { totalsOf } from './totals.ts'

const project = async (writer: Writer, commit: StoredCommit, gathered: Gathered): Promise<void> => {
  const totals = totalsOf(commit, gathered)
  const projection: Projection = { writer, commit, gathered, totals, placements: 0 }
  totals.advance(commit)
  for (const event of commit.events) {
    if ((event.type === 'MessageDelivered' || event.type === 'MessageStored') && event.version === 1) {
      await arrive(projection, event.type, event.payload)
      continue
    }
    const decoded = mailEvents.decode(event)
    if (decoded.type === 'unknown') {
      throw new Error(
        `commit ${commit.position} has ${event.type} version ${event.version}, of a newer program`,
      )
    }
    await projectEvent(projection, decoded)
  }
}

/** Mailboxes, messages and their placements, counts and usage of every account. Never needs a blob. */
export const mailRows: ReadModel = {
  name: 'mail',
  version: 3,
  schema: mailSchema,
  readingIndexes: mailIndexes,
  service: MAIL_SERVICE,
  accountsApart: true,
  project,
}
