import assert from 'node:assert/strict'
import { test } from 'node:test'
import { temporaryFolder, waitUntil } from '@relais/testing'
import fc from 'fast-check'
import { DirectoryModel, type ModelAccount } from './model.ts'
import { type Started, startDirectory } from './start-directory.ts'

const TENANTS = ['one', 'two']
const DOMAINS = ['a.example', 'b.example', 'c.example']
const LOCALS = ['mike', 'ben', 'anna']
const PASSWORDS = ['secret', 'Secret', 'other']

const tenant = fc.constantFrom(...TENANTS)
const domain = fc.constantFrom(...DOMAINS)
const address = fc.tuple(fc.constantFrom(...LOCALS), domain).map((parts) => parts.join('@'))
const password = fc.constantFrom(...PASSWORDS)
/** Which of the accounts that are there. */
const which = fc.nat(20)

const step = fc.oneof(
  fc.record({ do: fc.constant('create' as const), tenant, address, password }),
  fc.record({ do: fc.constant('create' as const), tenant, address, password }),
  fc.record({ do: fc.constant('addAlias' as const), which, address }),
  fc.record({ do: fc.constant('removeAlias' as const), which, address }),
  fc.record({ do: fc.constant('setPassword' as const), which, password }),
  fc.record({
    do: fc.constant('setState' as const),
    which,
    state: fc.constantFrom('active', 'locked', 'suspended'),
  }),
  fc.record({ do: fc.constant('delete' as const), which }),
  fc.record({ do: fc.constant('addDomain' as const), tenant, domain }),
  fc.record({ do: fc.constant('removeDomain' as const), tenant, domain }),
  fc.record({
    do: fc.constant('setTenantState' as const),
    tenant,
    state: fc.constantFrom('active', 'suspended'),
  }),
  fc.record({ do: fc.constant('createAppPassword' as const), which, scopes: fc.subarray(['eas', 'imap']) }),
  fc.record({ do: fc.constant('revokeAppPassword' as const), which }),
  fc.record({ do: fc.constant('signIn' as const), address, password, scope: fc.constantFrom('eas', 'imap') }),
  fc.record({ do: fc.constant('restart' as const) }),
)

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

const codeOf = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call
    return ''
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}

/** The real directory and the model side by side. */
class Twins {
  readonly #model = new DirectoryModel()
  readonly #folder: string
  #started: Started | undefined

  constructor(folder: string) {
    this.#folder = folder
  }

  async start(): Promise<void> {
    this.#started = await startDirectory(this.#folder)
    for (const name of TENANTS) {
      await this.#real.admin.createTenant({ name, commandId: name })
      this.#model.addTenant(name)
    }
  }

  async stop(): Promise<void> {
    await this.#started?.stop()
  }

  get #real(): Started {
    return this.#started!
  }

  async take(one: Step): Promise<void> {
    switch (one.do) {
      case 'create':
        return this.#create(one)
      case 'signIn':
        return this.#signIn(one)
      case 'restart':
        return this.#restart()
      case 'addDomain':
      case 'removeDomain':
      case 'setTenantState':
        return this.#changeTenant(one)
      default:
        return this.#changeAccount(one)
    }
  }

  async #restart(): Promise<void> {
    await this.#real.stop()
    this.#started = await startDirectory(this.#folder)
  }

  async #create({ tenant: id, ...wanted }: Extract<Step, { do: 'create' }>): Promise<void> {
    const expected = this.#model.refusalOf(this.#model.tenants.get(id)!, wanted.address)
    const accounts = [{ address: wanted.address, password: wanted.password }]
    const created = await this.#real.admin.createAccounts({ tenant: id, accounts, throwAway: true })
    const { account, code } = created.accounts[0]!
    assert.equal(code, expected, `create ${wanted.address} in ${id}`)
    if (code !== '') return
    const fresh = { aliases: new Set<string>(), appPasswords: new Map(), state: 'active' }
    this.#model.accounts.set(account, { ...wanted, ...fresh, tenant: id, account })
  }

  async #signIn({ address: login, password: tried, scope }: Extract<Step, { do: 'signIn' }>): Promise<void> {
    const expected = this.#model.signIn(login, tried, scope)
    const code = await codeOf(this.#real.gateway.signIn({ login, password: tried, scope }))
    assert.equal(code, expected, `sign-in of ${login} with ${tried}`)
  }

  async #changeTenant(
    one: Extract<Step, { do: 'addDomain' | 'removeDomain' | 'setTenantState' }>,
  ): Promise<void> {
    const { admin } = this.#real
    const model = this.#model.tenants.get(one.tenant)!
    if (one.do === 'setTenantState') {
      await admin.setTenantState({ tenant: one.tenant, state: one.state })
      model.state = one.state
      return
    }
    const expected = this.#model[one.do](model, one.domain)
    assert.equal(await codeOf(admin[one.do]({ tenant: one.tenant, domain: one.domain })), expected, one.do)
  }

  async #changeAccount(one: Extract<Step, { which: number }>): Promise<void> {
    const all = [...this.#model.accounts.values()]
    const model = all[one.which % Math.max(all.length, 1)]
    if (!model) return
    const key = { tenant: model.tenant, account: model.account }
    const { admin } = this.#real
    switch (one.do) {
      case 'addAlias':
      case 'removeAlias': {
        const expected = this.#model[one.do](model, one.address)
        return assert.equal(await codeOf(admin[one.do]({ ...key, address: one.address })), expected, one.do)
      }
      case 'setPassword':
        await admin.setPassword({ ...key, password: one.password })
        model.password = one.password
        return
      case 'setState':
        await admin.setAccountState({ ...key, state: one.state })
        model.state = one.state
        return
      case 'delete':
        return this.#delete(model)
      case 'createAppPassword': {
        const made = await admin.createAppPassword({ ...key, name: 'x', scopes: one.scopes })
        model.appPasswords.set(made.id, { password: made.password, scopes: one.scopes })
        return
      }
      case 'revokeAppPassword':
        return this.#revoke(model)
    }
  }

  async #delete({ tenant: id, account }: ModelAccount): Promise<void> {
    await this.#real.admin.deleteAccount({ tenant: id, account })
    this.#model.accounts.delete(account)
    await waitUntil(async () => (await this.#real.log.head({ tenant: id, account })) === 0)
  }

  async #revoke({ tenant: id, account, appPasswords }: ModelAccount): Promise<void> {
    const [oldest] = appPasswords.keys()
    if (oldest === undefined) return
    await this.#real.admin.revokeAppPassword({ tenant: id, account, id: oldest })
    appPasswords.delete(oldest)
  }

  /** Everything that can be asked has the model's answer. */
  async compare(): Promise<void> {
    for (const id of TENANTS) await this.#compareTenant(id)
    for (const name of LOCALS.flatMap((local) => DOMAINS.map((one) => `${local}@${one}`))) {
      const { addresses } = await this.#real.gateway.resolveAddresses({ addresses: [name] })
      assert.equal(addresses[0]?.account?.account, this.#model.holderOf(name)?.account, name)
    }
    for (const account of this.#model.accounts.values()) await this.#compareCredentials(account)
    assert.deepEqual(await this.#real.differences(), [])
  }

  async #compareTenant(id: string): Promise<void> {
    const { tenants } = await this.#real.admin.listTenants({})
    const found = tenants.find((one) => one.tenant === id)!
    const model = this.#model.tenants.get(id)!
    assert.deepEqual(new Set(found.domains), model.domains)
    assert.deepEqual([found.state, found.accounts], [model.state, this.#model.accountsOf(id).length])
    const { accounts } = await this.#real.admin.listAccounts({ tenant: id })
    assert.deepEqual(
      accounts.map((one) => [one.account, one.address, new Set(one.aliases), one.state]),
      [...this.#model.accountsOf(id)]
        .sort((one, other) => (one.address < other.address ? -1 : 1))
        .map((one) => [one.account, one.address, one.aliases, one.state]),
    )
  }

  async #compareCredentials({ address: login, appPasswords, password: own }: ModelAccount): Promise<void> {
    for (const tried of [own, ...[...appPasswords.values()].map((one) => one.password)])
      await this.#signIn({ do: 'signIn', address: login, password: tried, scope: 'eas' })
  }
}

const run = async (folder: string, steps: readonly Step[]): Promise<void> => {
  const twins = new Twins(folder)
  try {
    await twins.start()
    for (const one of steps) await twins.take(one)
    await twins.compare()
  } finally {
    await twins.stop()
  }
}

test('whatever administrators do, in any order, with restarts in between, the directory is what it ought to be', async (t) => {
  const folder = await temporaryFolder(t)
  let turn = 0
  const steps = fc.array(step, { minLength: 5, maxLength: 40 })
  const begin: readonly Step[] = [
    { do: 'addDomain', tenant: 'one', domain: 'a.example' },
    { do: 'addDomain', tenant: 'two', domain: 'b.example' },
  ]
  const property = fc.asyncProperty(steps, async (more) => {
    turn += 1
    await run(`${folder}/${turn}`, [...begin, ...more])
  })
  await fc.assert(property, { numRuns: 12, endOnFailure: true })
})
