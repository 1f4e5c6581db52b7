import type { MailClient } from '@relais/proto/mail/v1/mail.ts'
import type { AutomaticReplies, AutomaticReply } from '@relais/proto/mail/v1/message.ts'
import { type CallExtras, isCoded } from '@relais/service-kit'
import { dateTime, dateTimeOf } from '../classes/dates.ts'
import type { TagName } from '../wbxml/code-pages.ts'
import { ValueError } from '../wbxml/errors.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'
import { boolChild, child, childrenNamed, has, intChild, textChild } from '../wbxml/read.ts'
import type { CommandContext } from './command.ts'

export type OofDeps = { readonly mail: MailClient<CallExtras> }

const OK = 1
const PROTOCOL_ERROR = 2
const INVALID_ARGUMENTS = 5

/** OofState (MS-ASCMD 2.2.3.114), by its number. */
const STATES = ['off', 'on', 'timed'] as const
const TIMED = 'timed'

type Audience = 'inside' | 'outsideKnown' | 'outsideUnknown'

const AUDIENCES: readonly (readonly [TagName, Audience])[] = [
  ['settings:AppliesToInternal', 'inside'],
  ['settings:AppliesToExternalKnown', 'outsideKnown'],
  ['settings:AppliesToExternalUnknown', 'outsideUnknown'],
]

const status = (code: number): WbxmlNode => el('settings:Status', code)

/** BodyType: TEXT or HTML, in any case. Errors: INVALID_VALUE. */
const typeIn = (node: WbxmlNode): 'plain' | 'html' | undefined => {
  const text = textChild(node, 'settings:BodyType', { max: 16 })?.trim().toLowerCase()
  if (text === undefined || text === '') return undefined
  if (text !== 'text' && text !== 'html')
    throw new ValueError('settings:BodyType', 'is neither Text nor HTML')
  return text === 'html' ? 'html' : 'plain'
}

const message = ([tag, audience]: (typeof AUDIENCES)[number], replies: AutomaticReplies): WbxmlNode => {
  const { enabled = false, type = 'plain', text = '' } = replies[audience] ?? {}
  return el('settings:OofMessage', [
    el(tag),
    el('settings:Enabled', enabled),
    text !== '' && el('settings:ReplyMessage', text),
    text !== '' && el('settings:BodyType', type === 'html' ? 'HTML' : 'Text'),
  ])
}

const shown = (replies: AutomaticReplies): WbxmlNode => {
  const { state, start, end } = replies
  return el('settings:Get', [
    el('settings:OofState', Math.max(0, STATES.indexOf(state as (typeof STATES)[number]))),
    state === TIMED && el('settings:StartTime', dateTime(start)),
    state === TIMED && el('settings:EndTime', dateTime(end)),
    ...AUDIENCES.map((audience) => message(audience, replies)),
  ])
}

const current = async (
  { mail }: OofDeps,
  { user, call }: CommandContext,
  type = '',
): Promise<AutomaticReplies> => {
  const { tenant, account } = user
  const { replies } = await mail.getAutomaticReplies({ tenant, account, type }, call)
  if (!replies) throw new ValueError('settings:Oof', 'is not known')
  return replies
}

/** A text of the bound of the mail service is at most so many characters. */
const MAX_REPLY = 64 * 1024

/** A message for one or more audiences; what it leaves out stays as it is. Errors: INVALID_VALUE. */
const wantedIn = (
  node: WbxmlNode,
  before: AutomaticReplies,
): readonly (readonly [Audience, AutomaticReply])[] => {
  const audiences = AUDIENCES.filter(([tag]) => has(node, tag))
  if (audiences.length === 0) throw new ValueError('settings:OofMessage', 'is for nobody')
  const given = textChild(node, 'settings:ReplyMessage', { max: MAX_REPLY })
  const type = typeIn(node) ?? 'plain'
  return audiences.map(([, audience]) => {
    const known = before[audience] ?? { enabled: false, type: 'plain', text: '' }
    const said = given === undefined ? known : { type, text: given }
    return [audience, { ...said, enabled: boolChild(node, 'settings:Enabled') ?? true }]
  })
}

const timeIn = (set: WbxmlNode, tag: TagName, otherwise: number): number => {
  const node = child(set, tag)
  return node ? dateTimeOf(node) : otherwise
}

const repliesIn = (set: WbxmlNode, before: AutomaticReplies): AutomaticReplies => {
  const given = intChild(set, 'settings:OofState', { max: 2 })
  const messages = childrenNamed(set, 'settings:OofMessage').flatMap((node) => wantedIn(node, before))
  return {
    ...{ state: given === undefined ? before.state : (STATES[given] ?? 'off') },
    start: timeIn(set, 'settings:StartTime', before.start),
    end: timeIn(set, 'settings:EndTime', before.end),
    ...{ inside: undefined, outsideKnown: undefined, outsideUnknown: undefined },
    ...Object.fromEntries(messages),
  }
}

const change = async (deps: OofDeps, context: CommandContext, set: WbxmlNode): Promise<number> => {
  const { tenant, account } = context.user
  try {
    const replies = repliesIn(set, await current(deps, context))
    await deps.mail.setAutomaticReplies({ tenant, account, replies }, context.call)
    return OK
  } catch (error) {
    if (error instanceof ValueError || (isCoded(error) && error.code === 'INVALID_ARGUMENT'))
      return INVALID_ARGUMENTS
    throw error
  }
}

const tell = async (
  deps: OofDeps,
  context: CommandContext,
  get: WbxmlNode,
): Promise<readonly WbxmlNode[]> => {
  try {
    return [status(OK), shown(await current(deps, context, typeIn(get)))]
  } catch (error) {
    if (error instanceof ValueError) return [status(INVALID_ARGUMENTS)]
    throw error
  }
}

/** Settings:Oof (MS-ASCMD 2.2.3.113): what is answered while the owner is away. Its failures are a Status of its own. */
export const outOfOffice = async (
  deps: OofDeps,
  context: CommandContext,
  block: WbxmlNode,
): Promise<WbxmlNode> => {
  const [get, set] = [child(block, 'settings:Get'), child(block, 'settings:Set')]
  if (get && !set) return el('settings:Oof', await tell(deps, context, get))
  if (set && !get) return el('settings:Oof', [status(await change(deps, context, set))])
  return el('settings:Oof', [status(PROTOCOL_ERROR)])
}
