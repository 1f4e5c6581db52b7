import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { commitOf, range } from '../contract/commits.ts'
import { temporaryFolder } from './log-file.fixture.ts'
import { openSqliteLog } from './sqlite-log.ts'

/**
 * Files of a folder that contain a text, by another process: were this one to open and close the log's files itself, SQLite would lose
 * its POSIX locks on them (https://www.sqlite.org/howtocorrupt.html, 2.2).
 */
const filesWith = (folder: string, text: string): string[] => {
  const { stdout } = spawnSync('grep', [
    '-alF',
    text,
    ...readdirSync(folder).map((name) => join(folder, name)),
  ])
  return stdout.toString().split('\n').filter(Boolean)
}

const MARK = 'erase-me-'

/** Commits of all sizes, the mark in each part of them that can hold text, of the account and of others in between. */
const markedCommit = (i: number, account: string) => {
  const text = `${MARK}${account}-${i}-`
  return commitOf({
    account: `${MARK}${account}`,
    service: ['mail', 'calendar', 'contacts'][i % 3],
    commandId: `${text}${'x'.repeat((i * 37) % 200)}`,
    events: [
      { type: 'Marked', version: 1, payload: new TextEncoder().encode(text.repeat(1 + ((i * 13) % 600))) },
    ],
    collections: [text],
  })
}

test('after a purge no byte of the account is left in any file, while others keep theirs', async (t) => {
  const folder = temporaryFolder(t)
  const log = await openSqliteLog({ file: join(folder, 'log.db') })
  t.after(() => log.close())
  for (const round of range(10)) {
    const commits = range(80).flatMap((i) => [
      markedCommit(round * 80 + i, 'gone'),
      markedCommit(i + round * 80, 'kept'),
    ])
    await Promise.all(commits.map((commit) => log.append(commit)))
  }
  assert.notEqual(filesWith(folder, `${MARK}gone`).length, 0)

  assert.equal(await log.purge('acme', `${MARK}gone`), 800)
  assert.deepEqual(filesWith(folder, `${MARK}gone`), [])
  assert.notEqual(filesWith(folder, `${MARK}kept`).length, 0)

  await log.append(commitOf())
  assert.equal(await log.purge('acme', `${MARK}kept`), 800)
  assert.deepEqual(filesWith(folder, MARK), [])
})
