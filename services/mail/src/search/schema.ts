import { PROCESS_SCHEMA } from '../process/follow.ts'
import { fts5Texts } from './fts5-texts.ts'
import type { Texts } from './texts.ts'
import { tsvectorTexts } from './tsvector-texts.ts'

const schemaWith = ({ schema }: Texts): readonly string[] => [
  `CREATE TABLE docs (
    item INTEGER PRIMARY KEY, tenant TEXT NOT NULL, account TEXT NOT NULL, placement BIGINT NOT NULL, mailbox TEXT NOT NULL,
    received BIGINT NOT NULL, with_attachment SMALLINT NOT NULL)`,
  'CREATE UNIQUE INDEX docs_by_placement ON docs (tenant, account, placement)',
  'CREATE INDEX docs_by_time ON docs (tenant, account, received, item)',
  ...schema,
  ...PROCESS_SCHEMA,
]

/**
 * The search index: apart from the read model, since its texts come from blobs' artefacts and it may lag. item is the message's; texts
 * are kept as words only.
 */
export const SEARCH_STORE = {
  name: 'mail-search',
  version: 1,
  schema: { sqlite: schemaWith(fts5Texts), postgresql: schemaWith(tsvectorTexts) },
}
