// Administration of devices again, with rows in PostgreSQL.
process.env.RELAIS_TEST_ROWS = 'postgres'

await import('./admin.int.test.ts')

export {}
