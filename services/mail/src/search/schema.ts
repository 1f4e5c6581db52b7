import { PROCESS_SCHEMA } from '../process/follow.ts'
import { fts5Texts } from './fts5-texts.ts'
import type { Texts } from './texts.ts'
import { tsvectorTexts } from './tsvector-texts.ts'

const schemaWith = ({ schema }: Texts): readonly string[] => [
  // doc: see documentId; conversation in hexadecimal. importance, sent, size: what a message is like for always.
  `CREATE TABLE docs (
    doc INTEGER PRIMARY KEY, item BIGINT NOT NULL, tenant TEXT NOT NULL, account TEXT NOT NULL, placement BIGINT NOT NULL,
    mailbox TEXT NOT NULL, received BIGINT NOT NULL, conversation TEXT NOT NULL, with_attachment SMALLINT NOT NULL,
    text_message SMALLINT NOT NULL, importance TEXT NOT NULL, sent BIGINT NOT NULL, size BIGINT NOT NULL)`,
  'CREATE UNIQUE INDEX docs_by_placement ON docs (tenant, account, placement)',
  'CREATE UNIQUE INDEX docs_by_item ON docs (tenant, account, item)',
  'CREATE INDEX docs_by_time ON docs (tenant, account, doc)',
  'CREATE INDEX docs_by_conversation ON docs (tenant, account, conversation)',
  'CREATE INDEX docs_text_messages ON docs (tenant, account, doc) WHERE text_message = 1',
  ...schema,
  ...PROCESS_SCHEMA,
]

/**
 * The search index: apart from the read model, since its texts come from blobs' artefacts and it may lag. Texts are
 * kept as words only. Another form of its tables has another name: what is lost is made again.
 */
export const SEARCH_STORE = {
  name: 'mail-search-in-volumes',
  version: 1,
  schema: { sqlite: schemaWith(fts5Texts), postgresql: schemaWith(tsvectorTexts) },
}
