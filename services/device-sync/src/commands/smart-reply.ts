import type { Command } from './command.ts'
import { type ComposeDeps, readComposed, requireBody, submit } from './compose.ts'
import { readSource } from './smart-source.ts'

/** SmartReply (MS-ASCMD 2.2.1.20), from 14.0 on: the server adds the original's text, unless ReplaceMime says that it is there. */
export const createSmartReply = (deps: ComposeDeps): Command => ({
  name: 'SmartReply',
  body: 'message',
  emptyBody: false,
  run: async (context) => {
    const body = requireBody(context, 'composemail:SmartReply')
    const source = await readSource(deps, context, { body, verb: 'reply' })
    return submit(deps, context, { name: 'SmartReply', composed: readComposed(body), source })
  },
})
