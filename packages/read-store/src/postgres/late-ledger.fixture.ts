import { ledger } from '../contract/ledger.ts'
import type { ReadModel, Writer } from '../port.ts'

/** Writes are sent late, as those of large models are. */
const sentLate = (writer: Writer): Writer => ({
  dialect: writer.dialect,
  get: (sql, ...params) => writer.get(sql, ...params),
  all: (sql, ...params) => writer.all(sql, ...params),
  write: (sql, ...params) => writer.write(sql, ...params),
  run: async (sql, ...params) => {
    await writer.write(sql, ...params)
    return 1
  },
})

/** The ledger of the contract, whose accounts are projected side by side and whose writes are sent together. */
export const lateLedger = (overrides: Partial<ReadModel> = {}): ReadModel =>
  ledger({
    accountsApart: true,
    project: (writer, commit, gathered) => ledger().project(sentLate(writer), commit, gathered),
    ...overrides,
  })
