import { MessageState } from '@relais/proto/mail/v1/message.ts'
import { terminal } from '@relais/service-kit/errors.ts'
import { requireCategories, requireFlag } from './decide.ts'

const MAX_KEYWORDS = 100
const MAX_KEYWORD_LENGTH = 255

/** The state that a stored message comes with, within bounds. */
export const requireState = (state: MessageState | undefined): MessageState => {
  if (!state) return MessageState.create()
  const keywords = [...new Set(state.keywords)]
  if (keywords.length > MAX_KEYWORDS || keywords.some((keyword) => keyword.length > MAX_KEYWORD_LENGTH)) {
    throw terminal('KEYWORDS_INVALID', `a message has at most ${MAX_KEYWORDS} keywords`)
  }
  return {
    ...state,
    keywords,
    flag: state.flag && requireFlag(state.flag),
    categories: requireCategories(state.categories),
    lastVerb: state.lastVerb <= 3 ? state.lastVerb : 0,
  }
}
