import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { openSqliteStore, type ReadStore } from '@relais/read-store'
import { createLogger } from '@relais/service-kit'
import { temporaryFolder } from '@relais/testing'
import fc from 'fast-check'
import { DeviceRowStore, deviceRowSchema } from './device-row-store.ts'
import { jsonRows, type RowKind } from './device-rows.ts'

const logger = createLogger({ name: 'test', level: 'silent' })
const kinds = { a: jsonRows<number>('a'), b: jsonRows<number>('b') } satisfies Record<string, RowKind<number>>
type KindName = keyof typeof kinds

/** Rows in a file, and beside them what they should be: a map that forgets nothing but what it is told to. */
class World {
  readonly #file: string
  readonly #maxDevices: number
  readonly model = new Map<string, number>()
  rows!: DeviceRowStore
  #store!: ReadStore
  value = 0

  constructor(file: string, maxDevices: number) {
    this.#file = file
    this.#maxDevices = maxDevices
  }

  async open(): Promise<void> {
    this.#store = await openSqliteStore({ file: this.#file, schema: deviceRowSchema, version: 1 })
    this.rows = new DeviceRowStore({
      store: this.#store,
      logger,
      maxDevices: this.#maxDevices,
      writeBehindMs: 1_000_000,
    })
  }

  async close(): Promise<void> {
    await this.rows.close()
    await this.#store.close()
  }

  forget(prefix: string): void {
    for (const name of [...this.model.keys()]) if (name.startsWith(prefix)) this.model.delete(name)
  }
}

type Step = (world: World) => Promise<void>

const owner = { tenant: 'acme', account: 'u1' }

type Cell = { readonly device: string; readonly kind: KindName; readonly key: string }

const nameOf = ({ device, kind, key }: Cell) => `${device}/${kind}/${key}`

const check = async (world: World, cell: Cell): Promise<void> => {
  const rows = await world.rows.of({ ...owner, device: cell.device })
  assert.equal(rows.get(kinds[cell.kind], cell.key), world.model.get(nameOf(cell)))
  const prefix = `${cell.device}/${cell.kind}/`
  const names = [...world.model.keys()].filter((name) => name.startsWith(prefix))
  assert.deepEqual(
    rows.keys(kinds[cell.kind]).toSorted(),
    names.map((name) => name.slice(prefix.length)).toSorted(),
  )
}

const put =
  (cell: Cell): Step =>
  async (world) => {
    world.value += 1
    const rows = await world.rows.of({ ...owner, device: cell.device })
    rows.put(kinds[cell.kind], world.value, cell.key)
    world.model.set(nameOf(cell), world.value)
    await check(world, cell)
  }

const drop =
  (cell: Cell): Step =>
  async (world) => {
    const rows = await world.rows.of({ ...owner, device: cell.device })
    rows.delete(kinds[cell.kind], cell.key)
    world.model.delete(nameOf(cell))
    await check(world, cell)
  }

const look =
  (cell: Cell): Step =>
  (world) =>
    check(world, cell)

const removeDevice =
  (device: string): Step =>
  async (world) => {
    await world.rows.remove(owner.tenant, owner.account, device)
    world.forget(`${device}/`)
  }

const eraseAccount: Step = async (world) => {
  await world.rows.remove(owner.tenant, owner.account)
  world.model.clear()
}

const save: Step = (world) => world.rows.flush()

const restart: Step = async (world) => {
  await world.close()
  await world.open()
}

const device = fc.constantFrom('d1', 'd2', 'd3')
const cell = fc.record({
  device,
  kind: fc.constantFrom<KindName>('a', 'b'),
  key: fc.constantFrom('', 'inbox', 'sent'),
})

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: cell.map(put) },
  { weight: 3, arbitrary: cell.map(drop) },
  { weight: 3, arbitrary: cell.map(look) },
  { weight: 1, arbitrary: device.map(removeDevice) },
  { weight: 1, arbitrary: fc.constant(eraseAccount) },
  { weight: 2, arbitrary: fc.constant(save) },
  { weight: 1, arbitrary: fc.constant(restart) },
)

test('rows are what was put last, through evictions, saves, removals and restarts', async (t) => {
  const folder = await temporaryFolder(t)
  let files = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40 }),
      fc.integer({ min: 1, max: 3 }),
      async (steps, max) => {
        files += 1
        const world = new World(join(folder, `rows-${files}`), max)
        await world.open()
        for (const one of steps) await one(world)
        await world.close()
      },
    ),
    { numRuns: 60 },
  )
})
