import type { Command } from './command.ts'
import { type ComposeDeps, readComposed, requireBody, submit } from './compose.ts'
import { composeForward, hasForwardees } from './forwardees.ts'
import { readSource } from './smart-source.ts'

/**
 * SmartForward (MS-ASCMD 2.2.1.19): the server attaches the original, unless ReplaceMime says that it is there. From 16.0 on it may be
 * all the server's, for Forwardees.
 */
export const createSmartForward = (deps: ComposeDeps): Command => ({
  name: 'SmartForward',
  body: 'message',
  emptyBody: false,
  run: async (context) => {
    const body = requireBody(context, 'composemail:SmartForward')
    const byName = hasForwardees(body)
    const source = await readSource(deps, context, { body, verb: 'forward' })
    const composed = byName
      ? await composeForward(deps, context, { body, placement: source.placement })
      : readComposed(body)
    return submit(deps, context, { name: 'SmartForward', composed, source })
  },
})
