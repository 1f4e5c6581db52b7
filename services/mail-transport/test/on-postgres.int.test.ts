// Mail in and out again, with the queue in PostgreSQL.
process.env.RELAIS_TEST_ROWS = 'postgres'

await import('./outbound.int.test.ts')

export {}
