import { randomUUID } from 'node:crypto'
import type { EventLog, NewCommit } from '@relais/event-log'
import {
  type Account,
  type Certificate,
  DirectoryDefinition,
  type GetAccountsRequest,
  type GetCertificatesRequest,
  type GetPicturesRequest,
  type Person,
  type SearchPeopleRequest,
  type SignInRequest,
} from '@relais/proto/directory/v1/directory.ts'
import { type Call, type Identity, type RelaisError, type ServiceClient, terminal } from '@relais/service-kit'
import { doubleClient } from './double-client.ts'

export type TestAccount = {
  readonly tenant: string
  readonly account: string
  readonly address: string
  password: string
}

/** What a directory answers, over the local transport: device-sync can't import the real one. */
export type DirectoryDouble = {
  readonly client: ServiceClient<typeof DirectoryDefinition>
  /** Sign-ins that were checked, with the addresses they came from. */
  readonly signIns: SignInRequest[]
  readonly accounts: TestAccount[]
  /** Of the address list; found by a part of their names. */
  people: Person[]
  /** By account. */
  readonly pictures: Map<string, Uint8Array>
  certificates: Certificate[]
  readonly asked: (GetPicturesRequest | GetCertificatesRequest)[]
  /** Of searches for people. */
  failure: RelaisError | undefined
  readonly searches: { readonly request: SearchPeopleRequest; readonly identity: Identity }[]
  /** By name, of all accounts. */
  readonly settings: Map<string, string>
  /** Refuses every sign-in, in spite of the password. */
  refusal: RelaisError | undefined
  /** Milliseconds since 1970 at which all credentials expire; 0: never. */
  expiresAt: number
  /** Position that device-sync has heard of and waited for. */
  followed: number
  epoch: number
  aliases: string[]
  displayName: string
  /** Appends a fact of the directory to the log, as the real one does. */
  tell(stream: { tenant: string; account: string }, type: string, payload?: Uint8Array): Promise<number>
}

const wire = (
  double: Pick<DirectoryDouble, 'epoch' | 'aliases' | 'displayName'>,
  account: TestAccount,
): Account => ({
  tenant: account.tenant,
  account: account.account,
  address: account.address,
  aliases: double.aliases,
  displayName: double.displayName,
  locale: 'en',
  timeZone: 'Europe/Berlin',
  state: 'active',
  quotaBytes: 0,
  attributes: {},
  lastSignIn: 0,
  credentialVersion: 0,
  epoch: double.epoch,
  tenantState: 'active',
})

/** A fact of the directory, as it stands in the log; of the tenant itself, unless said otherwise. */
export const directoryCommit = (
  type: string,
  payload: Uint8Array = new Uint8Array(),
  stream = { tenant: 'acme', account: '-' },
): NewCommit => ({
  stream: { ...stream, service: 'directory' },
  events: [{ type, version: 1, payload }],
  commandId: randomUUID(),
  actor: { kind: 'operator', id: 'test', device: '' },
  principal: '',
  at: Date.now(),
})

export const createDirectoryDouble = (log: EventLog, accounts: readonly TestAccount[]): DirectoryDouble => {
  const implementation = {
    async signIn(request: SignInRequest) {
      double.signIns.push(request)
      const account = double.accounts.find(({ address }) => address === request.login.toLowerCase())
      if (account?.password !== request.password)
        throw terminal('BAD_CREDENTIALS', 'unknown user or wrong password')
      if (double.refusal) throw double.refusal
      return { account: wire(double, account), appPassword: '', expiresAt: double.expiresAt }
    },
    async getAccounts({ minPosition }: GetAccountsRequest) {
      double.followed = Math.max(double.followed, minPosition)
      return { accounts: [] }
    },
    async searchPeople(request: SearchPeopleRequest, { identity }: Call) {
      double.searches.push({ request, identity })
      if (double.failure) throw double.failure
      const people = double.people.filter(({ displayName }) =>
        displayName.toLowerCase().includes(request.query),
      )
      return { people: people.slice(request.offset).slice(0, request.limit), total: people.length }
    },
    // As the directory's own (services/directory/src/api/picture-calls.ts), whose tests say what it does.
    async getPictures(request: GetPicturesRequest) {
      double.asked.push(request)
      let left = request.maxPictures ?? Number.POSITIVE_INFINITY
      const pictures = request.accounts.flatMap((account) => {
        const content = double.pictures.get(account)
        if (!content) return []
        const isGiven = left > 0 && content.length <= (request.maxBytes ?? Number.POSITIVE_INFINITY)
        if (isGiven) left--
        return { account, size: content.length, content: isGiven ? content : new Uint8Array() }
      })
      return { pictures }
    },
    async getCertificates(request: GetCertificatesRequest) {
      double.asked.push(request)
      const certificates = double.certificates.filter(({ account }) => request.accounts.includes(account))
      return { certificates }
    },
    async getSettings() {
      const settings = [...double.settings].map(([name, value]) => ({ name, value, origin: 'tenant' }))
      return { settings }
    },
  }
  const double: DirectoryDouble = {
    client: doubleClient(DirectoryDefinition, implementation),
    signIns: [],
    people: [],
    pictures: new Map(),
    certificates: [],
    asked: [],
    failure: undefined,
    searches: [],
    accounts: accounts.map((account) => ({ ...account })),
    settings: new Map(),
    refusal: undefined,
    expiresAt: 0,
    followed: 0,
    epoch: 7,
    aliases: [],
    displayName: 'Mike',
    async tell(stream, type, payload) {
      const { position } = await log.append(directoryCommit(type, payload, stream))
      return position
    },
  }
  return double
}
