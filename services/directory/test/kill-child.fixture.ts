import { startDirectory } from './start-directory.ts'

/** Administers a directory without end and says on standard output what was acknowledged. Killed by kill.int.test.ts. */
const [folder = '', round = '0'] = process.argv.slice(2)

const started = await startDirectory(folder)
const { admin } = started
const say = (...words: readonly string[]) => process.stdout.write(`${words.join(' ')}\n`)

const account = async (address: string, aliases: string[] = []) => {
  const wanted = { address, aliases, password: 'secret' }
  const { accounts } = await admin.createAccounts({ tenant: 'acme', accounts: [wanted], throwAway: true })
  return accounts[0]!.account
}

await admin.createTenant({ name: 'Acme', domains: ['acme.example'], commandId: 'the-tenant' })
say('ready')
await Promise.all(
  Array.from({ length: 4 }, async (_, lane) => {
    for (let number = 0; ; number++) {
      const name = `${round}-${lane}-${number}`
      const id = await account(`u${name}@acme.example`, [`first${name}@acme.example`])
      say('created', id, `u${name}@acme.example`)
      await admin.addAlias({ tenant: 'acme', account: id, address: `a${name}@acme.example` })
      say('alias', id, `a${name}@acme.example`)
      if (number % 3 > 0) continue
      await admin.deleteAccount({ tenant: 'acme', account: id })
      say('deleted', id, `u${name}@acme.example`)
    }
  }),
)
