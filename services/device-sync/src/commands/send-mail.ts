import type { Command } from './command.ts'
import { type ComposeDeps, readComposed, requireBody, submit } from './compose.ts'

/** SendMail (MS-ASCMD 2.2.1.17), from 14.0 on. */
export const createSendMail = (deps: ComposeDeps): Command => ({
  name: 'SendMail',
  body: 'message',
  emptyBody: false,
  run: async (context) => {
    const composed = readComposed(requireBody(context, 'composemail:SendMail'))
    return submit(deps, context, { name: 'SendMail', composed })
  },
})
