import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isCoded } from '@relais/service-kit/errors.ts'
import fc from 'fast-check'
import { deliver, importMessages, plain, submit } from './calls.ts'
import { ANNA, asOwner, type Harness, MIKE, startMail, TENANT } from './harness.ts'

type World = {
  readonly suite: Harness
  readonly account: string
  readonly mailboxes: string[]
  readonly placements: number[]
}

/** Something that a user or the world does with an account; refusals are part of it. */
type Step = (world: World) => Promise<unknown>

const of = ({ account }: World) => ({ tenant: TENANT, account })
const by = ({ account }: World) => ({ identity: asOwner(account) })
const pick = <T>(values: readonly T[], n: number): T => values[n % Math.max(values.length, 1)]!

const some = ({ placements }: World, numbers: readonly number[]) =>
  placements.length === 0 ? [] : numbers.map((n) => pick(placements, n))

const n = fc.nat({ max: 1000 })
const ns = fc.array(n, { maxLength: 5 })
const sizes = fc.nat({ max: 500 })

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(n, sizes).map(
      ([at, size]): Step =>
        (world) =>
          arrive(world, at, size),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(n, n).map(
      ([a, b]): Step =>
        async (world) => {
          const { client } = world.suite
          const made = await client.createMailbox(
            { ...of(world), name: `n${a % 7}`, parent: pick(['', ...world.mailboxes], b) },
            by(world),
          )
          world.mailboxes.push(made.mailbox)
        },
    ),
  },
  fc.tuple(n, n, n).map(
    ([a, b, c]): Step =>
      (world) => {
        const change = {
          mailbox: pick(world.mailboxes, a),
          name: `n${b % 7}`,
          parent: pick(['', ...world.mailboxes], c),
        }
        return world.suite.client.updateMailbox({ ...of(world), ...change }, by(world))
      },
  ),
  n.map(
    (a): Step =>
      (world) =>
        world.suite.client.deleteMailbox({ ...of(world), mailbox: pick(world.mailboxes, a) }, by(world)),
  ),
  fc.tuple(n, fc.boolean()).map(
    ([a, withChildren]): Step =>
      (world) => {
        const mailbox = pick(['trash', ...world.mailboxes], a)
        return world.suite.client.emptyMailbox({ ...of(world), mailbox, withChildren }, by(world))
      },
  ),
  {
    weight: 3,
    arbitrary: fc.tuple(ns, fc.boolean(), fc.boolean(), n).map(
      ([numbers, seen, flagged, c]): Step =>
        (world) => {
          const flag = { flag: flagged ? { status: 'active' } : undefined }
          const change = { seen, flag, categories: { categories: c % 2 ? ['Red'] : [] } }
          return world.suite.client.updateMessages(
            { ...of(world), ...change, placements: some(world, numbers) },
            by(world),
          )
        },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(ns, fc.boolean()).map(
      ([numbers, toTrash]): Step =>
        (world) =>
          world.suite.client.deleteMessages(
            { ...of(world), placements: some(world, numbers), toTrash },
            by(world),
          ),
    ),
  },
  fc.tuple(ns, n).map(
    ([numbers, to]): Step =>
      async (world) => {
        const target = pick(['archive', ...world.mailboxes], to)
        const copy = { ...of(world), placements: some(world, numbers), to: target }
        world.placements.push(...(await world.suite.client.copyMessages(copy, by(world))).placements)
      },
  ),
  fc.tuple(ns, n).map(
    ([numbers, to]): Step =>
      async (world) => {
        const { messages } = await world.suite.client.getMessages(
          { ...of(world), placements: some(world, numbers) },
          by(world),
        )
        const moves = messages.map(({ placement, mailbox }) => ({
          placement,
          from: mailbox,
          to: pick(['archive', 'inbox', ...world.mailboxes], to),
        }))
        const { results } = await world.suite.client.moveMessages(
          { ...of(world), device: 'd', moves },
          by(world),
        )
        world.placements.push(...results.flatMap(({ placement }) => (placement > 0 ? [placement] : [])))
      },
  ),
  n.map(
    (a): Step =>
      async (world) => {
        const source =
          world.placements.length > 0
            ? { placement: pick(world.placements, a), verb: 'reply', replaceMime: true }
            : undefined
        const identity = asOwner(world.account)
        const from = world.account === MIKE ? 'mike@ox.io' : 'anna@ox.io'
        const { position } = await submit(
          world.suite.client,
          `From: ${from}\nTo: a@x\n\nx`,
          { ...of(world), source },
          identity,
        )
        world.placements.push(position * 8192)
      },
  ),
)

const arrive = async (world: World, at: number, size: number) => {
  const message = plain(`subject ${at % 5}`, '', 'x'.repeat(size))
  if (at % 2) {
    const header = { ...of(world), mailbox: pick(['inbox', ...world.mailboxes], at) }
    const { position } = await importMessages(
      world.suite.client,
      [{ message, header }],
      asOwner(world.account),
    )
    world.placements.push(position * 8192)
  } else {
    const [result] = await deliver(world.suite.client, message, { to: [world.account] })
    await world.suite.client.listMailboxes({ ...of(world), minPosition: result!.position }, by(world))
    world.placements.push(result!.position * 8192)
  }
}

/** False: it was refused. */
const take = async (step: Step, world: World): Promise<boolean> => {
  try {
    await step(world)
    return true
  } catch (error) {
    if (!isCoded(error) || error.retryable) throw error
    return false
  }
}

/** What is counted as things happen is what a count of all rows says. */
const requireCounted = async ({ suite, account }: World) => {
  const key = { tenant: TENANT, account }
  const options = { identity: asOwner(account) }
  const { mailboxes } = await suite.client.listMailboxes(key, options)
  let [bytes, count] = [0, 0]
  for (const { mailbox, total, unseen } of mailboxes) {
    const { messages } = await suite.client.listMessages({ ...key, mailbox, pageSize: 1000 }, options)
    assert.equal(total, messages.length, mailbox)
    assert.equal(unseen, messages.filter(({ state }) => !state?.seen).length, mailbox)
    bytes += messages.reduce((sum, { size }) => sum + size, 0)
    count += total
  }
  const usage = await suite.client.getUsage(key, options)
  assert.deepEqual([usage.usedBytes, usage.messages], [bytes, count])
}

test('whatever happens, rows equal a rebuild from the log, and counts equal what is there', async (t) => {
  const suite = await startMail(t)
  const worlds = [MIKE, ANNA].map((account): World => ({ suite, account, mailboxes: [], placements: [] }))
  let done = 0
  const taken = fc.array(fc.tuple(fc.nat({ max: 1 }), steps), { minLength: 10, maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(taken, async (some) => {
      for (const [who, step] of some) done += (await take(step, worlds[who]!)) ? 1 : 0
      for (const world of worlds) await requireCounted(world)
      const before = await suite.rows()
      await suite.mail.rebuild()
      assert.deepEqual(await suite.rows(), before)
    }),
    { numRuns: 12, endOnFailure: true },
  )
  assert.ok(done >= 50, `only ${done} steps did something`)
})

test('a rebuild reads no blob: it gives the same rows where all of them are gone', async (t) => {
  const suite = await startMail(t)
  await importMessages(
    suite.client,
    [1, 2, 3].map((n) => ({ message: plain(`${n}`) })),
  )
  const before = await suite.rows()
  for (const { blob } of (
    await suite.client.listMessages({ tenant: TENANT, account: MIKE, mailbox: 'inbox' })
  ).messages) {
    await suite.lose(blob)
  }
  await suite.mail.rebuild()
  assert.deepEqual(await suite.rows(), before)
})

test('a rebuild is served through and loses nothing that comes meanwhile', async (t) => {
  const suite = await startMail(t)
  await importMessages(
    suite.client,
    Array.from({ length: 300 }, (_, n) => ({ message: `Subject: ${n}\n\nx` })),
  )
  const rebuilt = suite.mail.rebuild()
  const results = (
    await Promise.all(Array.from({ length: 50 }, (_, n) => deliver(suite.client, plain(`new ${n}`))))
  ).flat()
  await rebuilt
  const minPosition = Math.max(...results.map(({ position }) => position))
  const { mailboxes } = await suite.client.listMailboxes({ tenant: TENANT, account: MIKE, minPosition })
  assert.equal(mailboxes.find(({ mailbox }) => mailbox === 'inbox')!.total, 350)
})
