import type { StoredCommit } from '@relais/event-log'
import { type DirectoryEvent, directoryEvents } from './events.ts'

/** The facts of commits, without those of a newer program. */
export const knownEvents = (commits: readonly StoredCommit[]): readonly DirectoryEvent[] =>
  commits
    .flatMap(({ events }) => events.map(directoryEvents.decode))
    .filter((event): event is DirectoryEvent => event.type !== 'unknown')
