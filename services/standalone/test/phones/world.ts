import { rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { easServerOptions } from '@relais/device-sync'
import { ImportHeader, type ImportRequest } from '@relais/proto/mail/v1/mail.ts'
import { createLogger } from '@relais/service-kit'
import { openDataFolder } from '../../src/data-folder.ts'
import { openRelais, type Relais } from '../../src/relais.ts'

const OPERATOR = { tenant: '', principal: '', actor: { kind: 'operator', id: 'test', device: '' } }
const PASSWORD = 'throw-away'

/** What a mailbox really holds: by ServerId, whether it is read and flagged. */
export type Truth = ReadonlyMap<string, { readonly seen: boolean; readonly flagged: boolean }>

export type Person = { readonly account: string; readonly address: string; readonly password: string }

/** A whole Relais in this process, with phones at its real port; it can be restarted, and its device rows lost. */
export class World {
  readonly #path: string
  #relais!: Relais
  #server!: Server
  #closeFolder = () => {}
  #people = 0
  #messages = 0

  constructor(path: string) {
    this.#path = path
  }

  async start(): Promise<void> {
    const data = openDataFolder(this.#path)
    this.#closeFolder = () => data.close()
    this.#relais = await openRelais({
      data,
      logger: createLogger({ name: 'test', level: 'silent' }),
      graceMs: 10,
      serverName: 'test.example',
      publicUrl: '',
      trustedProxies: [],
      maxMessageBytes: 1_000_000,
      smarthost: undefined,
      progress: () => {},
    })
    this.#server = createServer(easServerOptions, this.#relais.deviceSync.listener)
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    if (data.fresh)
      await this.#directory.createTenant({ name: 'Acme', domains: ['acme.example'] }, { identity: OPERATOR })
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await this.#relais.lifecycle.stop()
    this.#closeFolder()
  }

  async restart({ losingRows }: { losingRows: boolean }): Promise<void> {
    await this.stop()
    if (losingRows)
      for (const suffix of ['', '-wal', '-shm'])
        await rm(join(this.#path, 'stores', `device-rows.sqlite${suffix}`), { force: true })
    await this.start()
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get #directory() {
    return this.#relais.clients.directory
  }

  get #mail() {
    return this.#relais.clients.mail
  }

  async person(): Promise<Person> {
    const address = `p${++this.#people}@acme.example`
    const { accounts } = await this.#directory.createAccounts(
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
        const text = `From: s${n}@else.example\r\nSubject: Message ${n}\r\nMessage-ID: <${n}@else.example>\r\n\r\nText ${n}\r\n`
        yield { part: { $case: 'chunk', value: Buffer.from(text) } }
      }
    }
    const answer = await this.#mail.import(requests(), { identity: OPERATOR })
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
      await this.#mail.updateMessages(
        { ...scope, placements: [placement], seen: act === 'read' },
        { identity },
      )
    if (act === 'flag')
      await this.#mail.updateMessages(
        { ...scope, placements: [placement], flag: { flag: { status: 'active', type: 'x' } } },
        { identity },
      )
    if (act === 'delete')
      await this.#mail.deleteMessages({ ...scope, placements: [placement], toTrash: false }, { identity })
    if (act === 'archive' && mailbox !== 'archive')
      await this.#mail.moveMessages(
        { ...scope, moves: [{ placement, from: mailbox, to: 'archive' }] },
        { identity },
      )
  }

  async truth(person: Person, mailbox: string): Promise<Truth> {
    const messages = await this.#list(person, mailbox)
    return new Map(
      messages.map(({ placement, state }) => [
        placement.toString(36),
        { seen: state?.seen === true, flagged: state?.flag?.status === 'active' },
      ]),
    )
  }

  async #list({ account }: Person, mailbox: string) {
    const identity = {
      tenant: 'acme',
      principal: account,
      actor: { kind: 'account', id: account, device: '' },
    }
    const { messages } = await this.#mail.listMessages(
      { tenant: 'acme', account, mailbox, pageSize: 1000 },
      { identity },
    )
    return messages
  }
}

export type Act = 'read' | 'unread' | 'flag' | 'delete' | 'archive'
