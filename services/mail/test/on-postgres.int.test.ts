// The rules of rows, of queries and of search again, on PostgreSQL.
process.env.RELAIS_TEST_ROWS = 'postgres'

await import('../src/projections/mail-rows.int.test.ts')
await import('../src/queries/messages.int.test.ts')
await import('../src/queries/threads.int.test.ts')
await import('../src/queries/whole-conversations.int.test.ts')
await import('./search.int.test.ts')
await import('./search-state.int.test.ts')
await import('./conversations.int.test.ts')

export {}
