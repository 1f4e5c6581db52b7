// What administrators do again, with rows in PostgreSQL.
process.env.RELAIS_TEST_ROWS = 'postgres'

await import('./administration.int.test.ts')

export {}
