import type { DeviceSyncClient } from '@relais/proto/device_sync/v1/device_sync.ts'
import type { DirectoryClient } from '@relais/proto/directory/v1/directory.ts'
import {
  ImportHeader,
  type ImportRequest,
  type MailClient,
  type Message,
} from '@relais/proto/mail/v1/mail.ts'
import type { CallExtras } from '@relais/service-kit'

export const OPERATOR = { tenant: '', principal: '', actor: { kind: 'operator', id: 'test', device: '' } }
const PASSWORD = 'throw-away'

/** What a mailbox really holds: by ServerId, its subject and whether it is read and flagged. */
export type Truth = ReadonlyMap<
  string,
  { readonly seen: boolean; readonly flagged: boolean; readonly subject: string }
>

export type Person = { readonly account: string; readonly address: string; readonly password: string }

export type WorldClients = {
  readonly directory: DirectoryClient<CallExtras>
  readonly mail: MailClient<CallExtras>
}

/** A Relais with phones at its real ports, in one of its forms. */
export abstract class World {
  #people = 0
  #messages = 0
  /** So that a Relais that outlives a test has no two people of one name. */
  readonly #run = Date.now().toString(36)

  /** Where phones reach it; with several, a phone's requests go to each in turn. */
  abstract get urls(): readonly string[]
  abstract get clients(): WorldClients
  /** For administrators of devices; undefined: nobody wipes them here. */
  get devices(): DeviceSyncClient<CallExtras> | undefined {
    return undefined
  }
  abstract start(): Promise<void>
  abstract stop(): Promise<void>
  /** Undefined: this form can't be restarted as a whole. */
  restart?(options: { losingRows: boolean }): Promise<void>

  async person(): Promise<Person> {
    const address = `p${++this.#people}-${this.#run}@acme.example`
    const { accounts } = await this.clients.directory.createAccounts(
      { tenant: 'acme', accounts: [{ address, password: PASSWORD }], throwAway: true },
      { identity: OPERATOR },
    )
    return { account: accounts[0]?.account ?? '', address, password: PASSWORD }
  }

  async deliver({ account }: Person, mailbox: string, count: number): Promise<void> {
    const made = Array.from({ length: count }, () => ++this.#messages)
    async function* requests(): AsyncGenerator<ImportRequest> {
      for (const n of made) {
        const header = ImportHeader.fromPartial({
          tenant: 'acme',
          account,
          mailbox,
          receivedAt: Date.now() - (n % 50) * 3600_000,
        })
        yield { part: { $case: 'header', value: header } }
        const text = `From: s${n}@else.example\r\nSubject: Message ${n}\r\nMessage-ID: <${n}@else.example>\r\nIn-Reply-To: <root-${n % 4}@else.example>\r\n\r\nText ${n}\r\n`
        yield { part: { $case: 'chunk', value: Buffer.from(text) } }
      }
    }
    const answer = await this.clients.mail.import(requests(), { identity: OPERATOR })
    if (answer.imported !== count) throw new Error(`imported ${answer.imported} of ${count}`)
  }

  /** What another program of the owner does. */
  async act(person: Person, mailbox: string, act: Act, nth: number): Promise<void> {
    const messages = await this.#list(person, mailbox)
    const message = messages[nth % Math.max(1, messages.length)]
    if (message === undefined) return
    const { placement } = message
    const scope = { tenant: 'acme', account: person.account }
    const identity = {
      tenant: 'acme',
      principal: person.account,
      actor: { kind: 'account', id: person.account, device: '' },
    }
    if (act === 'read' || act === 'unread')
      await this.clients.mail.updateMessages(
        { ...scope, placements: [placement], seen: act === 'read' },
        { identity },
      )
    if (act === 'flag')
      await this.clients.mail.updateMessages(
        { ...scope, placements: [placement], flag: { flag: { status: 'active', type: 'x' } } },
        { identity },
      )
    if (act === 'delete')
      await this.clients.mail.deleteMessages(
        { ...scope, placements: [placement], toTrash: false },
        { identity },
      )
    if (act === 'archive' && mailbox !== 'archive')
      await this.clients.mail.moveMessages(
        { ...scope, moves: [{ placement, from: mailbox, to: 'archive' }] },
        { identity },
      )
  }

  /** What another program does to the folders that the owner made. */
  async actOnFolders({ account }: Person, act: 'create' | 'delete', nth: number): Promise<void> {
    const scope = { tenant: 'acme', account }
    const identity = this.#identityOf(account)
    const { mail } = this.clients
    if (act === 'create') {
      const name = `Other ${nth}`
      await mail.createMailbox({ ...scope, name }, { identity }).catch((error: unknown) => {
        if ((error as { code?: string }).code !== 'MAILBOX_NAME_TAKEN') throw error
      })
      return
    }
    const own = [...(await this.folders({ account })).keys()].filter((id) => /^m\d+$/.test(id))
    const mailbox = own[nth % Math.max(1, own.length)]
    if (mailbox !== undefined) await mail.deleteMailbox({ ...scope, mailbox }, { identity })
  }

  /** Names of an account's mailboxes. */
  async folders({ account }: Pick<Person, 'account'>): Promise<ReadonlyMap<string, string>> {
    const identity = this.#identityOf(account)
    const { mailboxes } = await this.clients.mail.listMailboxes({ tenant: 'acme', account }, { identity })
    return new Map(mailboxes.map(({ mailbox, name }) => [mailbox, name]))
  }

  #identityOf(account: string) {
    return { tenant: 'acme', principal: account, actor: { kind: 'account', id: account, device: '' } }
  }

  async truth(person: Person, mailbox: string): Promise<Truth> {
    const messages = await this.#list(person, mailbox)
    return new Map(
      messages.map(({ placement, state, envelope }) => [
        placement.toString(36),
        {
          seen: state?.seen === true,
          flagged: state?.flag?.status === 'active',
          subject: envelope?.subject ?? '',
        },
      ]),
    )
  }

  async #list({ account }: Person, mailbox: string): Promise<readonly Message[]> {
    const listed = { tenant: 'acme', account, mailbox, pageSize: 1000 }
    const messages: Message[] = []
    let pageToken = ''
    do {
      const call = { identity: this.#identityOf(account) }
      const page = await this.clients.mail.listMessages({ ...listed, pageToken }, call)
      messages.push(...page.messages)
      pageToken = page.nextPageToken
    } while (pageToken !== '')
    return messages
  }
}

export type Act = 'read' | 'unread' | 'flag' | 'delete' | 'archive'
