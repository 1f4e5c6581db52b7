// A process that writes device rows until it is killed. Says on standard output what is durable.
import { openSqliteStore } from '@relais/read-store'
import { createLogger } from '@relais/service-kit'
import { DeviceRowStore, deviceRowSchema } from '../../src/devices/device-row-store.ts'
import { jsonRows } from '../../src/devices/device-rows.ts'

const [file = '', first = '0'] = process.argv.slice(2)
const store = await openSqliteStore({ file, schema: deviceRowSchema, version: 1 })
const rows = new DeviceRowStore({
  store,
  logger: createLogger({ name: 'test', level: 'silent' }),
  writeBehindMs: 5,
})
const generations = jsonRows<{ generation: number }>('generation')

for (let generation = Number(first) + 1; ; generation += 1) {
  const device = await rows.of({ tenant: 'acme', account: 'u1', device: `d${generation % 7}` })
  device.put(generations, { generation }, `c${generation % 3}`)
  if (generation % 4 !== 0) continue
  await device.saved()
  process.stdout.write(`${generation}\n`)
}
