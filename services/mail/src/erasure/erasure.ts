import type { Projector } from '@relais/read-store'
import type { MailStreams } from '../commands/streams.ts'
import type { Caller } from '../process/as-service.ts'
import type { AccountKey } from '../queries/account.ts'

type ErasureDeps = {
  readonly projector: Projector
  readonly streams: MailStreams
  readonly ids: () => string
}

/**
 * Takes away all rows of an account that the directory has deleted; its blobs are swept later. Done again it finds nothing and does
 * nothing.
 */
export const eraseAccount = async (
  { projector, streams, ids }: ErasureDeps,
  key: AccountKey,
  caller: Caller,
): Promise<void> => {
  while (await hasRows(projector, key)) {
    const { position } = await streams.append({ ...key, call: caller, commandId: ids() }, [
      { type: 'MailErased', payload: {} },
    ])
    await projector.waitFor(position, caller.deadline)
  }
}

const hasRows = async ({ store }: Projector, { tenant, account }: AccountKey): Promise<boolean> =>
  (await store.get(
    'SELECT 1 AS found FROM mail_accounts WHERE tenant = ? AND account = ?',
    ...[tenant, account],
  )) !== undefined
