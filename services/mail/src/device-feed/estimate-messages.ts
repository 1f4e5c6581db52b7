import type { EstimateMessagesRequest, EstimateMessagesResponse } from '@relais/proto/mail/v1/mail.ts'
import { estimateCollections } from '@relais/sync-state'
import { openAccount } from '../api/account-call.ts'
import type { HandlerCall, Handling } from '../api/context.ts'
import type { DeviceTurns } from './device-turns.ts'
import { mailClass } from './mail-class.ts'
import { readEstimate } from './requests.ts'

/** How many messages a device would be told. Nothing changes, and no blob is read. */
export const estimateMessages =
  (handling: Handling, turns: DeviceTurns) =>
  async (request: EstimateMessagesRequest, call: HandlerCall): Promise<EstimateMessagesResponse> => {
    const { now, mailboxes } = readEstimate(request)
    const key = await openAccount(handling, { tenant: request.tenant, account: request.account }, call)
    const { device } = call.identity.actor
    const service = mailClass(handling, { key, call, device, now, mailboxes, turns })
    const estimates = await estimateCollections(
      service,
      mailboxes.map((one) => one.request),
    )
    return {
      estimates: estimates.map((estimate, index) => ({
        mailbox: mailboxes[index]!.request.collection,
        outcome: estimate.outcome,
        count: estimate.outcome === 'ok' ? estimate.count : 0,
      })),
    }
  }
