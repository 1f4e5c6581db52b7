import { terminal } from '@relais/service-kit/errors.ts'
import type { Command, MailStreams } from '../commands/streams.ts'
import { decideCreate, findPath, MAX_DEPTH } from '../mailbox/decide.ts'
import { loadHierarchy } from '../queries/mailboxes.ts'

type PathDeps = { readonly streams: MailStreams; readonly ids: () => string }

/** The mailbox at a path of names, made where it is missing. Errors: those of making a mailbox. */
export const mailboxAtPath = async (
  { streams, ids }: PathDeps,
  command: Command,
  path: readonly string[],
): Promise<string> => {
  if (path.length === 0) return 'inbox'
  if (path.length > MAX_DEPTH) throw terminal('MAILBOX_TOO_DEEP', `mailboxes nest at most ${MAX_DEPTH} deep`)
  for (;;) {
    const { events, state } = await streams.execute(
      { ...command, commandId: ids() },
      {
        load: (reader) => loadHierarchy(reader, command),
        decide: (hierarchy) => {
          const { mailbox, missing } = findPath(hierarchy, path)
          return missing.length === 0 ? [] : decideCreate(hierarchy, { name: missing[0]!, parent: mailbox })
        },
      },
    )
    if (events.length === 0) return findPath(state, path).mailbox
  }
}
