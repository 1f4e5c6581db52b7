import type { WbxmlNode } from '../wbxml/node.ts'
import { has } from '../wbxml/read.ts'
import type { Command } from './command.ts'
import { type ComposeDeps, readComposed, requireBody, submit } from './compose.ts'
import { readSource } from './smart-source.ts'
import { StatusError } from './status-error.ts'

const MIME_WITH_BODY = 178
const FORWARDEES = 179

/** From 16.0 on a meeting is forwarded by naming Forwardees; a message is forwarded by its Mime. */
const refuseForwardees = (body: WbxmlNode): void => {
  if (has(body, 'airsyncbase:Body') && has(body, 'composemail:Mime'))
    throw new StatusError(MIME_WITH_BODY, 'Mime with Body')
  if (has(body, 'composemail:Forwardees')) throw new StatusError(FORWARDEES, 'Forwardees are for meetings')
}

/** SmartForward (MS-ASCMD 2.2.1.19), from 14.0 on: the server attaches the original, unless ReplaceMime says that it is there. */
export const createSmartForward = (deps: ComposeDeps): Command => ({
  name: 'SmartForward',
  body: 'message',
  emptyBody: false,
  run: async (context) => {
    const body = requireBody(context, 'composemail:SmartForward')
    refuseForwardees(body)
    const source = await readSource(deps, context, { body, verb: 'forward' })
    return submit(deps, context, { name: 'SmartForward', composed: readComposed(body), source })
  },
})
