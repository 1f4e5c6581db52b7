import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { type TestScope, temporaryFolder, waitUntil } from '@relais/testing'
import { CLAIM_GRACE_MS } from '../src/claim/claim.ts'
import { type Started, startDirectory } from './start-directory.ts'

const CHILD = new URL('./kill-child.fixture.ts', import.meta.url).pathname

type Said = { readonly what: string; readonly account: string; readonly address: string }

/** What a child said until it was killed, some acknowledgements after it was ready. */
const killed = async (folder: string, round: number): Promise<readonly Said[]> => {
  const child = spawn(process.execPath, [CHILD, folder, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const said: Said[] = []
  const enough = 5 + Math.floor(Math.random() * 60)
  for await (const line of createInterface({ input: child.stdout })) {
    const [what = '', account = '', address = ''] = line.split(' ')
    if (what !== 'ready') said.push({ what, account, address })
    if (said.length >= enough) child.kill('SIGKILL')
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return said
}

const holderOf = async ({ gateway }: Started, address: string) =>
  (await gateway.resolveAddresses({ addresses: [address] })).addresses[0]?.account?.account

const deletedIn = (said: readonly Said[]) =>
  new Set(said.filter(({ what }) => what === 'deleted').map(({ account }) => account))

/** Every third account of the child's: its deletion may have got through without being acknowledged. */
const isToBeDeleted = (address: string) => Number(/-(\d+)@/.exec(address)?.[1]) % 3 === 0

const check = async (started: Started, said: readonly Said[]) => {
  const gone = deletedIn(said)
  for (const { account, address } of said.filter(({ what }) => what !== 'deleted')) {
    const holder = await holderOf(started, address)
    if (gone.has(account)) assert.equal(holder, undefined, address)
    else assert.ok(holder === account || (holder === undefined && isToBeDeleted(address)), address)
  }
}

/** The code of the refusal, '' for an account that was made. */
const codeOfCreation = async ({ admin }: Started, address: string) => {
  const wanted = { tenant: 'acme', accounts: [{ address }], throwAway: true }
  return (await admin.createAccounts(wanted)).accounts[0]!.code
}

/**
 * Those of erased accounts, and those of the decisions that were under way. A deletion that got through without being acknowledged
 * may be erasing its account right now: its name is reserved for that moment.
 */
const checkFree = async (started: Started, said: readonly Said[]) => {
  for (const { address } of said) {
    if ((await holderOf(started, address)) !== undefined) continue
    let code = ''
    await waitUntil(async () => {
      code = await codeOfCreation(started, address)
      return code !== 'NAME_RESERVED'
    })
    assert.equal(code, '', address)
  }
}

/** Kills a directory again and again at random moments; each time what it had acknowledged must be there. */
export const killRounds = async (scope: TestScope, rounds: number): Promise<void> => {
  let running: Started | undefined
  scope.after(() => running?.stop())
  const folder = await temporaryFolder(scope)
  for (let round = 0; round < rounds; round++) {
    const said = await killed(folder, round)
    const started = await startDirectory(folder, { clock: () => Date.now() + CLAIM_GRACE_MS })
    running = started
    assert.deepEqual(await started.differences(), [])
    await check(started, said)
    for (const account of deletedIn(said))
      await waitUntil(async () => (await started.log.head({ tenant: 'acme', account })) === 0)
    await checkFree(started, said)
    assert.deepEqual(await started.differences(), [])
    await started.stop()
    running = undefined
  }
}
