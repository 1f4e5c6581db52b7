import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InstallationDefinition } from '@relais/proto/standalone/v1/installation.ts'
import { createLocalClient } from '@relais/service-kit'
import { noInstallation } from './installation.ts'

test('calls about a data folder are refused for good, in words that say what to do instead', async () => {
  const client = createLocalClient(InstallationDefinition, noInstallation)
  await assert.rejects(client.status({}), { code: 'STANDALONE_ONLY', retryable: false, message: /readyz/ })
  const read = async () => {
    for await (const _ of client.backup({}));
  }
  await assert.rejects(read(), { code: 'STANDALONE_ONLY', message: /log, rows and blobs/ })
})
