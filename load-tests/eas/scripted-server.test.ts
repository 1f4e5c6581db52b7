import { describe, test } from 'node:test'
import { validateAgainstSchema } from '@relais/device-sync/testing/validate-against-schema.ts'
import { el, type WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import type { Ask } from './effects.ts'
import { folderAnswer, pingAnswer, policyAnswer, quiet, syncAnswer } from './scripted-server.fixture.ts'

describe('what the scripted server answers is what Microsoft’s schemas say', () => {
  const answers: Record<string, WbxmlNode> = {
    'to FolderSync': folderAnswer(),
    'to Provision': policyAnswer('1'),
    'to Ping, with news': pingAnswer('2'),
    'to Ping, with another heartbeat': pingAnswer('5', 600),
    'to Sync, without news': syncAnswer('folder2'),
    'to Sync, with messages and more of them': syncAnswer('folder2', [{ id: 'i1', subject: 'x' }], true),
    'to Sync, of a key that it doesn’t know': syncAnswer('folder2', [], false, '3'),
  }
  for (const [what, answer] of Object.entries(answers)) test(what, () => validateAgainstSchema(answer))

  for (const command of ['Provision', 'Settings', 'FolderSync', 'Ping', 'Sync'] as const)
    test(`to ${command} where nothing ever happens`, () => {
      const ask: Ask = { kind: 'ask', command, body: undefined, patience: 1, isHeld: false }
      validateAgainstSchema(quiet(ask, el('airsync:Sync', [])) as WbxmlNode)
    })
})
