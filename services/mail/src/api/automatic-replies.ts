import type {
  GetAutomaticRepliesRequest,
  GetAutomaticRepliesResponse,
  SetAutomaticRepliesRequest,
  SetAutomaticRepliesResponse,
} from '@relais/proto/mail/v1/mail.ts'
import type { AutomaticReplies, AutomaticReply } from '@relais/proto/mail/v1/message.ts'
import { decideSet } from '../automatic-replies/set.ts'
import { htmlToPlain } from '../mime/html-to-plain.ts'
import { bodyFragment, htmlDocument, plainToFragment } from '../mime/plain-to-html.ts'
import { answeredSince, setReplies } from '../queries/automatic-replies.ts'
import { commandOf, openAccount } from './account-call.ts'
import { invalid } from './arguments.ts'
import type { HandlerCall, Handling } from './context.ts'

type Form = 'plain' | 'html'

const requireForm = (type: string): Form | undefined => {
  if (type === '') return undefined
  if (type !== 'plain' && type !== 'html') throw invalid('a text is plain or html')
  return type
}

const inForm = (reply: AutomaticReply | undefined, form: Form | undefined): AutomaticReply | undefined => {
  if (!reply || form === undefined || reply.type === form) return reply
  const text =
    form === 'plain' ? htmlToPlain(bodyFragment(reply.text)) : htmlDocument(plainToFragment(reply.text))
  return { ...reply, type: form, text: reply.text === '' ? '' : text }
}

const shown = (replies: AutomaticReplies, form: Form | undefined): AutomaticReplies => ({
  ...replies,
  inside: inForm(replies.inside, form),
  outsideKnown: inForm(replies.outsideKnown, form),
  outsideUnknown: inForm(replies.outsideUnknown, form),
})

export const getAutomaticReplies =
  (handling: Handling) =>
  async (request: GetAutomaticRepliesRequest, call: HandlerCall): Promise<GetAutomaticRepliesResponse> => {
    const form = requireForm(request.type)
    const key = await openAccount(handling, request, call)
    await handling.streams.settled(key, call.deadline)
    return handling.projector.store.snapshot(async (reader, position) => {
      const { replies, since } = await setReplies(reader, key)
      const answered = since === 0 ? 0 : await answeredSince(reader, key, since)
      return { replies: shown(replies, form), answered, position }
    })
  }

/** Errors: INVALID_ARGUMENT. */
export const setAutomaticReplies =
  (handling: Handling) =>
  async (request: SetAutomaticRepliesRequest, call: HandlerCall): Promise<SetAutomaticRepliesResponse> => {
    const wanted = request.replies
    if (!wanted) throw invalid('what to answer is missing')
    const key = await openAccount(handling, request, call)
    const { position } = await handling.streams.execute(commandOf(handling, key, call, request.commandId), {
      load: async (reader) => (await setReplies(reader, key)).replies,
      decide: (replies) => decideSet(replies, wanted),
    })
    return { position }
  }
