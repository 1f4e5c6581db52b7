/** Rows of the directory. Lists and maps that are always read whole are JSON. */
export const SCHEMA: readonly string[] = [
  `CREATE TABLE platform (
    tenant TEXT PRIMARY KEY,
    default_tenant TEXT NOT NULL,
    settings TEXT NOT NULL,
    position INTEGER NOT NULL
  )`,
  `CREATE TABLE tenant (
    tenant TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    state TEXT NOT NULL,
    state_changed INTEGER NOT NULL,
    domains TEXT NOT NULL,
    settings TEXT NOT NULL,
    created_by TEXT NOT NULL,
    position INTEGER NOT NULL
  )`,
  'CREATE INDEX tenant_by_command ON tenant (created_by)',
  `CREATE TABLE domain (
    tenant TEXT NOT NULL,
    domain TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    PRIMARY KEY (tenant, domain)
  ) WITHOUT ROWID`,
  'CREATE INDEX domain_by_name ON domain (domain)',
  `CREATE TABLE account (
    tenant TEXT NOT NULL,
    account TEXT NOT NULL,
    address TEXT NOT NULL,
    address_key TEXT NOT NULL,
    aliases TEXT NOT NULL,
    display_name TEXT NOT NULL,
    locale TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    quota_bytes INTEGER NOT NULL,
    attributes TEXT NOT NULL,
    state TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    app_passwords TEXT NOT NULL,
    settings TEXT NOT NULL,
    picture_blob TEXT NOT NULL,
    picture_size INTEGER NOT NULL,
    certificates TEXT NOT NULL,
    search TEXT NOT NULL,
    credential_version INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (tenant, account)
  )`,
  'CREATE INDEX account_by_address ON account (tenant, address_key)',
  'CREATE INDEX account_by_picture ON account (tenant, picture_blob)',
  `CREATE TABLE certificate (
    tenant TEXT NOT NULL,
    account TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    der TEXT NOT NULL,
    PRIMARY KEY (tenant, account, fingerprint)
  ) WITHOUT ROWID`,
  `CREATE TABLE address (
    tenant TEXT NOT NULL,
    address_key TEXT NOT NULL,
    account TEXT NOT NULL,
    domain TEXT NOT NULL,
    PRIMARY KEY (tenant, address_key)
  ) WITHOUT ROWID`,
]
