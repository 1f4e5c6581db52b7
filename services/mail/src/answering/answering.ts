import type { StoredCommit } from '@relais/event-log'
import type { DirectoryClient } from '@relais/proto/directory/v1/directory.ts'
import { MessageDelivered } from '@relais/proto/mail/v1/events.ts'
import type { CallExtras } from '@relais/service-kit/call.ts'
import { isCoded } from '@relais/service-kit/errors.ts'
import type { Handling } from '../api/context.ts'
import { MAIL_SERVICE } from '../events.ts'
import { asService } from '../process/as-service.ts'
import type { Process } from '../process/follow.ts'
import { answeringAccounts } from '../queries/automatic-replies.ts'
import { type Delivered, sendReply } from './send-reply.ts'

export type AnsweringDeps = Handling & { readonly directory: DirectoryClient<CallExtras> }

/** Deliveries gather that long at the log's end: most commits concern nobody who is away. */
const GATHER_MS = 100
const ROWS_WITHIN_MS = 60_000
const ACCOUNTS_AT_ONCE = 8

const DELIVERED = 'MessageDelivered'

const isDelivery = ({ events }: StoredCommit): boolean => events.some(({ type }) => type === DELIVERED)

/** Follows the log and answers what is delivered to owners who are away (RFC 3834). Given a delivery again, it answers nothing again. */
export const answering = (deps: AnsweringDeps): Process => ({
  name: 'mail-automatic-replies',
  filter: { service: MAIL_SERVICE },
  restMs: GATHER_MS,
  handle: async (commits) => {
    const deliveries = commits.filter(isDelivery)
    if (deliveries.length === 0) return
    await deps.projector.waitFor(deliveries.at(-1)!.position, deps.clock() + ROWS_WITHIN_MS)
    const accounts = [...(await ofAnswering(deps, deliveries)).values()]
    for (let at = 0; at < accounts.length; at += ACCOUNTS_AT_ONCE)
      await Promise.all(accounts.slice(at, at + ACCOUNTS_AT_ONCE).map((some) => answerEach(deps, some)))
  },
})

const nameOf = ({ stream }: StoredCommit): string => `${stream.tenant}/${stream.account}`

/** Deliveries to those who answer, by account, in order. */
const ofAnswering = async (
  { projector }: AnsweringDeps,
  deliveries: readonly StoredCommit[],
): Promise<ReadonlyMap<string, readonly StoredCommit[]>> => {
  const away = new Set<string>()
  for (const [tenant, some] of Map.groupBy(deliveries, ({ stream }) => stream.tenant)) {
    const accounts = [...new Set(some.map(({ stream }) => stream.account))]
    for (const account of await answeringAccounts(projector.store, tenant, accounts))
      away.add(`${tenant}/${account}`)
  }
  return Map.groupBy(
    deliveries.filter((commit) => away.has(nameOf(commit))),
    nameOf,
  )
}

/** One after the other: the second message of a sender finds that the first was answered. */
const answerEach = async (deps: AnsweringDeps, commits: readonly StoredCommit[]): Promise<void> => {
  for (const commit of commits)
    for (const event of commit.events)
      if (event.type === DELIVERED) await answer(deps, commit, MessageDelivered.decode(event.payload))
}

/** What can't be answered for good must not keep others from their answers. */
const answer = async (deps: AnsweringDeps, commit: StoredCommit, event: MessageDelivered): Promise<void> => {
  const { tenant, account } = commit.stream
  const delivered: Delivered = {
    ...{ tenant, account, event, delivery: commit.position, at: commit.at },
    call: asService(commit, deps.clock()),
  }
  try {
    await sendReply(deps, delivered)
  } catch (error) {
    if (isCoded(error) && error.retryable) throw error
    const fields = { err: error, tenant, account, position: commit.position }
    deps.logger.error(fields, 'a message is not answered automatically')
  }
}
