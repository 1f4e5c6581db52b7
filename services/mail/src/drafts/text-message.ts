/** RFC 3458: a short text of a phone. */
export const TEXT_MESSAGE_FIELDS: readonly string[] = ['Message-Context: pager-message\r\n']

/** By which its rows tell a text message from mail. */
export const TEXT_MESSAGE_KEYWORD = '$SMS'
