import type { LogApi } from './log-api.ts'
import type { Losses } from './losses.ts'
import { behind } from './pages.ts'
import type { StreamView } from './stream-view.ts'
import { ALL_COMMITS } from './subjects.ts'
import type { Tail } from './tail.ts'

export type HeadDeps = {
  readonly api: Pick<LogApi, 'leaderLast' | 'areErased'>
  readonly tail: Pick<Tail, 'position'>
  readonly view: Pick<StreamView, 'known'>
  readonly losses: Pick<Losses, 'isErased'>
}

/**
 * Position of the last commit of a subject. A leader that was deposed without knowing goes on answering from what it had, for up to twenty
 * seconds: less than this process knows of is no answer, unless it was erased. Errors: one that is tried again.
 */
export const believedHead = async (subject: string, deps: HeadDeps): Promise<number> => {
  const head = (await deps.api.leaderLast(subject))?.position ?? 0
  const known = subject === ALL_COMMITS ? deps.tail.position : deps.view.known(subject)
  if (head >= known || (await isErased(subject, { head, known }, deps))) return head
  throw behind()
}

const isErased = (
  subject: string,
  { head, known }: { readonly head: number; readonly known: number },
  { api, losses }: HeadDeps,
): Promise<boolean> =>
  subject === ALL_COMMITS ? api.areErased(head + 1, known) : losses.isErased(subject, known)
