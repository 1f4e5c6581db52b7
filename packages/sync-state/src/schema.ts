/**
 * Tables of every class that devices synchronise, in the dialect that SQLite and PostgreSQL share. A service puts them into its
 * read model's schema beside its own. Positions of things that haven't happened (changed, ended, ...) are 0.
 */
export const placementSchema: readonly string[] = [
  `CREATE TABLE collections (
    tenant TEXT NOT NULL, account TEXT NOT NULL, id TEXT NOT NULL,
    kind TEXT NOT NULL, parent TEXT NOT NULL, name TEXT NOT NULL, role TEXT NOT NULL,
    created BIGINT NOT NULL, hierarchy_changed BIGINT NOT NULL, head BIGINT NOT NULL,
    purge_floor BIGINT NOT NULL DEFAULT 0, ended BIGINT NOT NULL DEFAULT 0, ended_at BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, account, id))`,
  // created is the position in id. changed: last touch after creation; changed_other: last touch by another than changed_by.
  // side: of the collection's second class, which has a window of its own.
  `CREATE TABLE placements (
    tenant TEXT NOT NULL, account TEXT NOT NULL, id BIGINT NOT NULL, collection TEXT NOT NULL, item BIGINT NOT NULL,
    sort_key BIGINT NOT NULL, hidden SMALLINT NOT NULL DEFAULT 0, spanned SMALLINT NOT NULL DEFAULT 0,
    side SMALLINT NOT NULL DEFAULT 0, created_by TEXT NOT NULL DEFAULT '', created_key TEXT NOT NULL DEFAULT '',
    client_id TEXT NOT NULL DEFAULT '', digest TEXT NOT NULL DEFAULT '', moved_by TEXT NOT NULL DEFAULT '',
    changed BIGINT NOT NULL DEFAULT 0, changed_by TEXT NOT NULL DEFAULT '', changed_other BIGINT NOT NULL DEFAULT 0,
    read_changed BIGINT NOT NULL DEFAULT 0, flag_changed BIGINT NOT NULL DEFAULT 0,
    categories_changed BIGINT NOT NULL DEFAULT 0, content_changed BIGINT NOT NULL DEFAULT 0,
    ended BIGINT NOT NULL DEFAULT 0, ended_at BIGINT NOT NULL DEFAULT 0,
    ended_command TEXT NOT NULL DEFAULT '', moved_to BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, account, id))`,
  // All spans of a placement whose sort key or privacy ever changed; until_position 0: the present one.
  `CREATE TABLE spans (
    tenant TEXT NOT NULL, account TEXT NOT NULL, placement BIGINT NOT NULL, from_position BIGINT NOT NULL,
    until_position BIGINT NOT NULL DEFAULT 0, until_at BIGINT NOT NULL DEFAULT 0,
    collection TEXT NOT NULL, sort_key BIGINT NOT NULL, hidden SMALLINT NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, account, placement, from_position))`,
  // The last command of a device on an item's property group; basis: the item's last touch before it.
  `CREATE TABLE journal (
    tenant TEXT NOT NULL, account TEXT NOT NULL, device TEXT NOT NULL, item BIGINT NOT NULL, property_group TEXT NOT NULL,
    value TEXT NOT NULL, position BIGINT NOT NULL, sync_key TEXT NOT NULL, noop SMALLINT NOT NULL, basis BIGINT NOT NULL,
    at BIGINT NOT NULL, PRIMARY KEY (tenant, account, device, item, property_group))`,
]

/** Indexes of these tables. Only who reads needs them: what projects finds everything by primary keys. */
export const placementIndexes: readonly string[] = [
  'CREATE INDEX IF NOT EXISTS collections_by_change ON collections (tenant, account, hierarchy_changed, id)',
  `CREATE INDEX IF NOT EXISTS placements_live ON placements (tenant, account, collection, sort_key, id) WHERE ended = 0`,
  `CREATE INDEX IF NOT EXISTS placements_side ON placements (tenant, account, collection, sort_key, id) WHERE ended = 0 AND side = 1`,
  `CREATE INDEX IF NOT EXISTS placements_added ON placements (tenant, account, collection, id) WHERE ended = 0`,
  `CREATE INDEX IF NOT EXISTS placements_changed ON placements (tenant, account, collection, changed, id) WHERE changed > 0`,
  `CREATE INDEX IF NOT EXISTS placements_ended ON placements (tenant, account, collection, ended, id) WHERE ended > 0`,
  `CREATE INDEX IF NOT EXISTS placements_ended_window ON placements (tenant, account, collection, sort_key, id) WHERE ended > 0`,
  `CREATE INDEX IF NOT EXISTS placements_moved ON placements (tenant, account, collection, moved_by, id) WHERE moved_by <> ''`,
  `CREATE INDEX IF NOT EXISTS placements_client ON placements (tenant, account, created_by, client_id, id) WHERE client_id <> ''`,
  `CREATE INDEX IF NOT EXISTS placements_digest ON placements (tenant, account, created_by, digest, id) WHERE digest <> ''`,
  'CREATE INDEX IF NOT EXISTS placements_retention ON placements (tenant, account, ended_at) WHERE ended > 0',
  'CREATE INDEX IF NOT EXISTS spans_by_start ON spans (tenant, account, collection, from_position, placement)',
  'CREATE INDEX IF NOT EXISTS spans_window ON spans (tenant, account, collection, sort_key, placement)',
  'CREATE INDEX IF NOT EXISTS spans_retention ON spans (tenant, account, until_at) WHERE until_position > 0',
  'CREATE INDEX IF NOT EXISTS journal_retention ON journal (tenant, account, at)',
]
