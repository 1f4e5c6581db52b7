import { randomInt } from 'node:crypto'
import { Readable } from 'node:stream'
import { type MailFile, NO_MARKS } from '@relais/mail-files'
import MailComposer from 'nodemailer/lib/mail-composer/index.js'
import { importMessages, type PlantDeps, plantSeed } from './plant.ts'
import type { Seed } from './seed.ts'

export type DemoAccount = { readonly name: string; readonly address: string; readonly password: string }

const DOMAIN = 'demo.example'
const PEOPLE = [
  { name: 'Anna Demo', address: `anna@${DOMAIN}` },
  { name: 'Ben Demo', address: `ben@${DOMAIN}` },
]

/** Letters and digits that can't be mistaken for one another on a phone's screen. */
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789'

/** 16 characters in groups of four: 79 bits. */
export const randomPassword = (): string =>
  Array.from({ length: 4 }, () =>
    Array.from({ length: 4 }, () => ALPHABET[randomInt(ALPHABET.length)]).join(''),
  ).join('-')

/** A tenant with two accounts and some mail, for a first look; the passwords are said once, here. */
export const plantDemo = async (deps: PlantDeps): Promise<readonly DemoAccount[]> => {
  const accounts = PEOPLE.map((person) => ({ ...person, password: randomPassword() }))
  const seed: Seed = {
    tenants: [
      { name: 'Demo', domains: [DOMAIN], accounts: accounts.map((account) => ({ ...account, import: [] })) },
    ],
  }
  const planted = await plantSeed(seed, deps)
  for (const { tenant, account, address } of planted)
    await importMessages({ tenant, account }, demoMessages(address, new Date()), deps)
  return accounts
}

type DemoMessage = {
  readonly subject: string
  readonly html: string
  readonly seen: boolean
  readonly hoursAgo: number
}

const MESSAGES: readonly DemoMessage[] = [
  {
    subject: 'Welcome to Relais',
    html: '<p>This mailbox is on your machine. Add it to a phone as an <b>Exchange</b> account, then send a mail to it: it is on the screen a moment later.</p>',
    seen: false,
    hoursAgo: 1,
  },
  {
    subject: 'Minutes of the first meeting',
    html: '<p>The minutes are attached.</p><ul><li>Next meeting: Tuesday</li><li>Room: the small one</li></ul>',
    seen: false,
    hoursAgo: 26,
  },
  {
    subject: 'Gr\u00fc\u00dfe aus M\u00fcnchen \u2600\ufe0f',
    html: '<p>Umlauts, \u20ac signs and emoji arrive as they were written. \u{1F680}</p>',
    seen: true,
    hoursAgo: 50,
  },
]

async function* demoMessages(address: string, now: Date): AsyncGenerator<MailFile> {
  const sender = PEOPLE.find((person) => person.address !== address) ?? { name: 'Relais', address }
  for (const message of MESSAGES) {
    const date = new Date(now.getTime() - message.hoursAgo * 3600_000)
    const bytes = await compose(message, { sender, address, date })
    yield {
      source: message.subject,
      path: [],
      marks: { ...NO_MARKS, seen: message.seen },
      receivedAt: date.getTime(),
      chunks: Readable.from([bytes]),
    }
  }
}

type Where = {
  readonly sender: { name: string; address: string }
  readonly address: string
  readonly date: Date
}

const compose = ({ subject, html }: DemoMessage, { sender, address, date }: Where): Promise<Buffer> =>
  new MailComposer({
    from: sender,
    to: address,
    subject,
    date,
    html,
    text: html.replace(/<[^>]+>/g, ' ').trim(),
    attachments: subject.startsWith('Minutes')
      ? [{ filename: 'minutes.txt', content: 'Present: Anna, Ben\nDecided: to try Relais\n' }]
      : [],
  })
    .compile()
    .build()
