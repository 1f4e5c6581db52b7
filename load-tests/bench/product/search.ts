import { createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Phone } from '../../phone/phone.ts'
import { BUDGETS, type Budget } from '../../thresholds.ts'
import { type Figure, percentile } from '../figure.ts'
import { loadAccounts, startInstallation } from '../installation.ts'
import { budgetOf, type Target } from '../target.ts'

const MESSAGES = 100_000
/** One message in so many has the rare word. */
const RARE = 5000
const ROUNDS = 100
const WORST_ROUNDS = 20
const COUNTED = 5000

/** Beginnings of words that every message has. */
const EVERYWHERE = [
  'bu',
  'bud',
  'budg',
  'de',
  'dep',
  'depa',
  'ag',
  'agr',
  'pe',
  'per',
  'pers',
  'sh',
  'sho',
  'te',
  'tex',
  'im',
]

/** As much as a query can say, of which nothing is so: all texts, and what was done with each message, are looked at. */
const WORST = EVERYWHERE.map((word, n) => `(${word} ${n % 2 ? 'isread:true' : 'is:flagged'})`).join(' OR ')

/** Search by a phone in a mailbox of 100,000 messages: the first 50 of a word that all have, and of one that 20 have; and the worst query. */
export const benchSearch = async (target: Target): Promise<Figure[]> => {
  const box = await writeLetters()
  const [account] = loadAccounts(1)
  const installation = await startInstallation({ target, accounts: [{ ...account!, import: [box.file] }] })
  try {
    const phone = new Phone({
      ...{ address: installation.eas, user: account!.address, password: account!.password },
      device: 'SEARCH',
    })
    await phone.folderSync()
    await indexed(phone)
    const common = await times(phone, 'budget', 50)
    const rare = await times(phone, 'zanzibar', Math.min(50, MESSAGES / RARE))
    // One empty Result says that nothing was found.
    const worst = await times(phone, WORST, 1, WORST_ROUNDS)
    phone.close()
    return [
      figure(target, 'first 50 of a common word', common, BUDGETS.search.common),
      figure(target, 'first 50 of a rare word', rare, BUDGETS.search.rare),
      figure(target, 'the worst query', worst, BUDGETS.search.worst),
    ]
  } finally {
    await installation.kill()
    box.remove()
  }
}

const figure = (target: Target, what: string, found: readonly number[], budget: Budget): Figure => ({
  name: `Search in 100,000 messages, ${what}, p50`,
  value: percentile(found, 50),
  unit: 'ms',
  ...budgetOf(target, { standalone: budget }),
})

/** The index follows what is imported: it has come to the end once every rare message is found. */
const indexed = async (phone: Phone): Promise<void> => {
  const until = Date.now() + 15 * 60_000
  for (let round = 0; (await phone.search(cased('zanzibar', round))).total < MESSAGES / RARE; round++) {
    if (Date.now() > until) throw new Error('the index does not get on')
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

/** The same word in other letters each time: who says the same again and again is slowed down. */
const cased = (word: string, round: number): string =>
  word.replace(/^\(?\w+/, (first) =>
    [...first].map((letter, n) => ((round >> n) & 1 ? letter.toUpperCase() : letter)).join(''),
  )

const times = async (phone: Phone, word: string, results: number, rounds = ROUNDS): Promise<number[]> => {
  const found: number[] = []
  for (let round = 0; round < rounds; round++) {
    const startedAt = performance.now()
    const answer = await phone.search(cased(word, round))
    found.push(performance.now() - startedAt)
    if (answer.results !== results || answer.total > COUNTED) throw new Error(`${answer.results} results`)
  }
  return found
}

function* letters(): Generator<Buffer> {
  for (let n = 0; n < MESSAGES; n++) {
    const date = new Date(Date.UTC(2026, 0, 1) + n * 60_000).toUTCString()
    const words = `budget of department ${n % 1000}, as agreed with person${n % 300}${n % RARE === 0 ? ' zanzibar' : ''}`
    yield Buffer.from(
      `From s@elsewhere.example ${date}\nFrom: s${n % 97}@elsewhere.example\nTo: u@load.example\nSubject: Message ${n}\nDate: ${date}\nMessage-ID: <s${n}@elsewhere.example>\n\n${words}\n${'A short text of no importance. '.repeat(10)}\n\n`,
    )
  }
}

const writeLetters = async (): Promise<{ file: string; remove(): void }> => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-search-'))
  const file = join(folder, 'mail.mbox')
  await pipeline(Readable.from(letters()), createWriteStream(file))
  return { file, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
