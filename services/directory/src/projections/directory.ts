import type { StoredCommit } from '@relais/event-log'
import type { ReadModel, Writer } from '@relais/read-store'
import { DIRECTORY_SERVICE, NOBODY } from '../events.ts'
import { knownEvents } from '../known-events.ts'
import { projectAccount } from './accounts.ts'
import { SCHEMA } from './schema.ts'
import { projectPlatform, projectTenant } from './tenants.ts'

const project = (writer: Writer, commit: StoredCommit): Promise<void> => {
  const { stream, position, commandId } = commit
  const { tenant, account } = stream
  // Those of a newer program are passed over: it has a newer version of this read model, and builds it anew.
  const events = knownEvents([commit])
  if (tenant === NOBODY) return projectPlatform(writer, { events, position })
  if (account === NOBODY) return projectTenant(writer, { tenant, events, position, commandId })
  return projectAccount(writer, { tenant, account, events, position })
}

/** Tenants, domains, accounts and their addresses as they are. */
export const directoryModel = {
  name: 'directory',
  version: 3,
  schema: SCHEMA,
  service: DIRECTORY_SERVICE,
  project,
} satisfies ReadModel
