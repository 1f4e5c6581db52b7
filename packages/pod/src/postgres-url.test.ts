import assert from 'node:assert/strict'
import test, { describe } from 'node:test'
import fc from 'fast-check'
import { postgresConnection } from './postgres-url.ts'

describe('the URL of a database', () => {
  const cases = [
    [
      'postgres://relais:secret@db:5433/rows',
      { host: 'db', port: 5433, user: 'relais', password: 'secret', database: 'rows' },
    ],
    [
      'postgresql://relais@db/rows',
      { host: 'db', port: 5432, user: 'relais', password: '', database: 'rows' },
    ],
    [
      'postgres://r%40x:p%3Aw%2F@[::1]:1/a%20b',
      { host: '::1', port: 1, user: 'r@x', password: 'p:w/', database: 'a b' },
    ],
    [
      'postgres://r:p@one:1,two:2,three/d',
      {
        ...{ host: 'one', port: 1, user: 'r', password: 'p', database: 'd' },
        others: [
          { host: 'two', port: 2 },
          { host: 'three', port: 5432 },
        ],
      },
    ],
  ] as const
  for (const [url, wanted] of cases) test(url, () => assert.deepEqual(postgresConnection(url), wanted))

  test('with an authority it is TLS that is spoken', () =>
    assert.deepEqual(postgresConnection('postgres://r@db/d', 'PEM').ssl, { ca: 'PEM' }))

  for (const url of [
    '',
    'mysql://a@b/c',
    'postgres://host',
    'postgres://u:p@/d',
    'postgres://u:p@h:port/d',
    'postgres://u:p@h/d?x=1',
  ])
    test(`${url || 'nothing'} is refused, without telling what stood there`, () =>
      assert.throws(
        () => postgresConnection(url),
        (error: Error) => !url || !error.message.includes(url),
      ))

  test('any user, password and database come back as they were', () => {
    const text = fc.string({ minLength: 1, unit: 'binary' })
    fc.assert(
      fc.property(text, text, text, (user, password, database) => {
        const [u, p, d] = [user, password, database].map(encodeURIComponent)
        const found = postgresConnection(`postgres://${u}:${p}@h/${d}`)
        assert.deepEqual([found.user, found.password, found.database], [user, password, database])
      }),
    )
  })
})
