import { createHash } from 'node:crypto'
import type { ReadModel } from '../port.ts'

/** All of a model's tables and indexes. */
export const statementsOf = ({ schema, readingIndexes = [] }: ReadModel): readonly string[] => [
  ...schema,
  ...readingIndexes,
]

/** Tells whether rows were made with these tables. */
export const fingerprintOf = (model: ReadModel): string =>
  createHash('sha256')
    .update(JSON.stringify([model.version, model.service, statementsOf(model)]))
    .digest('hex')
