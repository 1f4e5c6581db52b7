import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Message } from '@relais/proto/mail/v1/mail.ts'
import type { Operation, PlacementRow } from '@relais/sync-state'
import { missingMessage } from './contents.ts'

test('stub: a placement whose message cannot be found is told as a stub with the reason, never skipped', () => {
  const row = { id: 8192, item: 4096, collection: 'inbox', sortKey: 1_700_000_000 } as PlacementRow
  const operation: Operation = { kind: 'add', placement: 8192, row, groups: [] }
  const stub = missingMessage(operation)
  assert.deepEqual(
    [stub.placement, stub.item, stub.mailbox, stub.receivedAt],
    [8192, 4096, 'inbox', 1_700_000_000_000],
  )
  assert.notEqual(stub.defect, '')
  assert.deepEqual(Message.decode(Message.encode(stub).finish()), stub)
})
