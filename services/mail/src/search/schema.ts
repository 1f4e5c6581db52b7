import { PROCESS_SCHEMA } from '../process/follow.ts'

/**
 * The search index: apart from the read model, since its texts come from blobs' artefacts and it may lag. item is the message's; texts
 * are kept as words only.
 */
export const SEARCH_STORE = {
  name: 'mail-search',
  version: 1,
  schema: [
    `CREATE TABLE docs (
      item INTEGER PRIMARY KEY, tenant TEXT NOT NULL, account TEXT NOT NULL, placement BIGINT NOT NULL, mailbox TEXT NOT NULL,
      received BIGINT NOT NULL, with_attachment SMALLINT NOT NULL)`,
    'CREATE UNIQUE INDEX docs_by_placement ON docs (tenant, account, placement)',
    'CREATE INDEX docs_by_time ON docs (tenant, account, received, item)',
    `CREATE VIRTUAL TABLE texts USING fts5(scope, sender, recipients, subject, attachments, body,
      content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 2')`,
    ...PROCESS_SCHEMA,
  ],
}
