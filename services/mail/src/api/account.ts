import type {
  GetHeadsRequest,
  GetHeadsResponse,
  GetUsageRequest,
  GetUsageResponse,
} from '@relais/proto/mail/v1/mail.ts'
import { accountRow } from '../queries/account.ts'
import { headsOf } from '../queries/heads.ts'
import { requireLevel } from '../rights/rights.ts'
import { openAccount } from './account-call.ts'
import { invalid, requireId } from './arguments.ts'
import type { HandlerCall, Handling } from './context.ts'

export const getUsage =
  (handling: Handling) =>
  async (request: GetUsageRequest, call: HandlerCall): Promise<GetUsageResponse> => {
    const key = await openAccount(handling, request, call)
    const { usedBytes, messages } = await accountRow(handling.projector.store, key)
    const { quotaBytes } = await handling.accounts.get(key)
    return { usedBytes, quotaBytes, messages }
  }

const MAX_ACCOUNTS = 10_000

/** From rows of one moment, for a Ping's first comparison and for slow re-checks: accounts without mail have no collections. */
export const getHeads =
  ({ projector, rights }: Handling) =>
  async (request: GetHeadsRequest, call: HandlerCall): Promise<GetHeadsResponse> => {
    if (request.accounts.length > MAX_ACCOUNTS) throw invalid('too many accounts in one call')
    for (const { tenant, account } of request.accounts) {
      const key = { tenant: requireId(tenant, 'tenant'), account: requireId(account, 'account') }
      await requireLevel(rights, call.identity, { ...key, level: 1 })
    }
    if (request.minPosition > 0) await projector.waitFor(request.minPosition, call.deadline)
    return projector.store.snapshot(async (reader, position) => ({
      accounts: await headsOf(reader, request.accounts),
      position,
    }))
  }
