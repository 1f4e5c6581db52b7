export type Person = {
  readonly account: string
  readonly address: string
  readonly aliases: readonly string[]
  readonly displayName: string
  readonly attributes: Readonly<Record<string, string>>
}

/** As it is compared: in lower case, without marks. */
export const folded = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/\p{Mn}+/gu, '')
    .toLowerCase()

/** Words that are looked for at most; more make nothing rarer. */
export const MAX_WORDS = 4

/** The words of a query: what stands between spaces and commas. */
export const wordsOf = (query: string): readonly string[] =>
  folded(query)
    .split(/[\s,;<>"()]+/)
    .filter((word) => word !== '')
    .slice(0, MAX_WORDS)

const NAMES = ['firstName', 'lastName', 'alias'] as const

/** Everything that a query may name a person by. */
export const namesOf = ({
  address,
  aliases,
  displayName,
  attributes,
}: Omit<Person, 'account'>): readonly string[] => [
  displayName,
  address,
  ...aliases,
  ...NAMES.flatMap((name) => attributes[name] ?? []),
]

/** Whether each word is the beginning of a word of a name or address, or of a whole address. */
export const isNamed = (person: Person, words: readonly string[]): boolean => {
  const names = namesOf(person).map(folded)
  const beginnings = names.flatMap((name) => [name, ...name.split(/[\s.@,_+()'-]+/)])
  return words.every((word) => beginnings.some((beginning) => beginning.startsWith(word)))
}

/** By what they are called, then by address. */
export const inOrder = (people: readonly Person[]): readonly Person[] =>
  people.toSorted(
    (a, b) =>
      compared(folded(a.displayName || a.address), folded(b.displayName || b.address)) ||
      compared(a.address, b.address),
  )

const compared = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
