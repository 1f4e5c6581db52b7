/** Letters that can't be mistaken for one another or for digits: 23, so 16 of them have 72 bits. */
const LETTERS = 'abcdefghjkmnpqrstuvwxyz'

const LENGTH = 16

/** Four groups of four letters, however they are typed. */
const SHAPE = /^ *(?:[a-z]{4}[ -]*){4}$/i

/** Below this a random byte stands for each letter equally often. */
const FAIR = Math.floor(256 / LETTERS.length) * LETTERS.length

/** An app password, e.g. `abcd-efgh-jkmn-pqrs`, of random bytes; `more` gives further ones. */
export const makeAppPassword = (more: (count: number) => Uint8Array): string => {
  const letters: string[] = []
  while (letters.length < LENGTH) {
    for (const byte of more(LENGTH)) if (byte < FAIR) letters.push(LETTERS[byte % LETTERS.length] ?? '')
  }
  return [0, 4, 8, 12].map((from) => letters.slice(from, from + 4).join('')).join('-')
}

/** The letters of what may be an app password; undefined: it can't be one. */
export const appPasswordLetters = (text: string): string | undefined =>
  text.length <= 40 && SHAPE.test(text) ? text.replaceAll(/[ -]/g, '').toLowerCase() : undefined
