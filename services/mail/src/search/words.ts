/** Longer words are cut, in texts as in queries: PostgreSQL takes up to 2,046 bytes. */
const MAX_LENGTH = 500

const WORD = /[\p{L}\p{N}\p{Co}]+/gu

/**
 * Words as FTS5's tokenizer unicode61 makes them with remove_diacritics 2: letters and digits, in lower case, without marks
 * (https://sqlite.org/fts5.html section 4.3.1).
 */
export const wordsOf = (text: string): string[] => {
  const plain = text
    .normalize('NFD')
    .replace(/\p{Mn}+/gu, '')
    .toLowerCase()
    .normalize('NFC')
  return (plain.match(WORD) ?? []).map((word) => word.slice(0, MAX_LENGTH))
}
