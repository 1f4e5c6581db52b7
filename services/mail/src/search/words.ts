/** Longer words are cut, in texts as in queries: PostgreSQL takes up to 2,046 bytes. */
const MAX_LENGTH = 500

const WORD = /[\p{L}\p{N}\p{Co}]+/gu

/** Lower case, without marks, as FTS5's tokenizer unicode61 makes words with remove_diacritics 2 (https://sqlite.org/fts5.html section 4.3.1). */
const folded = (text: string): string =>
  text
    .normalize('NFD')
    .replace(/\p{Mn}+/gu, '')
    .toLowerCase()
    .normalize('NFC')

/** Letters and digits, in lower case, without marks. */
export const wordsOf = (text: string): string[] =>
  (folded(text).match(WORD) ?? []).map((word) => word.slice(0, MAX_LENGTH))

/** Whether a word stands for all that begin so. Of one letter half a mailbox would: it is a word by itself. */
export const isBeginning = (word: string): boolean => !/^[a-z0-9]$/.test(word)

/** The text with something before each of its words; what isn't ASCII costs five times as much. */
export const withPrefix = (prefix: string, text: string): string =>
  isAscii(text)
    ? text.toLowerCase().replace(/[a-z0-9]+/g, `${prefix}$&`)
    : folded(text).replace(WORD, `${prefix}$&`)

const isAscii = (text: string): boolean => !/[^\0-\x7f]/.test(text)
