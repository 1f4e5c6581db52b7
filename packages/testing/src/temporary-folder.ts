import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestScope } from './clean-up.ts'

/** An empty folder of this test's own, removed when the test is over. For a suite pass `{ after }` of node:test. */
export const temporaryFolder = async (scope: TestScope): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'relais-test-'))
  scope.after(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }))
  return folder
}
