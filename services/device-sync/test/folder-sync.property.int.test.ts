import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Mailbox, type SyncMailboxesResponse } from '@relais/proto/mail/v1/mail.ts'
import { waitUntil } from '@relais/testing'
import fc from 'fast-check'
import { el, type WbxmlNode } from '../src/wbxml/node.ts'
import { child, childrenNamed, textOf } from '../src/wbxml/read.ts'
import type { EasClient } from './eas-client.ts'
import { sharedTestService, type TestService } from './test-service.ts'

const shared = sharedTestService()

type Folder = {
  readonly id: string
  readonly role: string
  name: string
  created: number
  changed: number
  ended: number
}

/** A mail service's hierarchy with its history, so that it can say what changed since any position. */
class Hierarchy {
  position = 100
  readonly folders: Folder[] = ['inbox', 'sent'].map((role) => ({
    id: role,
    role,
    name: role,
    created: 1,
    changed: 1,
    ended: 0,
  }))

  #live(): Folder[] {
    return this.folders.filter(({ ended }) => ended === 0)
  }

  create(): void {
    this.position += 1
    const id = `m${this.folders.length}`
    this.folders.push({ id, role: '', name: id, created: this.position, changed: this.position, ended: 0 })
  }

  rename(pick: number): void {
    const live = this.#live()
    const folder = live[pick % live.length]!
    this.position += 1
    folder.name = `${folder.id} of ${this.position}`
    folder.changed = this.position
  }

  remove(pick: number): void {
    const own = this.#live().filter(({ role }) => role === '')
    const folder = own[pick % Math.max(1, own.length)]
    if (!folder) return
    this.position += 1
    folder.ended = this.position
  }

  since(after: number): SyncMailboxesResponse {
    const changes = this.#live()
      .filter(({ changed }) => changed > after)
      .map(({ id, role, name, created }) => ({
        added: created > after,
        mailbox: Mailbox.fromPartial({ mailbox: id, role, name }),
      }))
    const removed = this.folders
      .filter(({ created, ended }) => created <= after && ended > after)
      .map(({ id }) => id)
    return { changes, removed: after === 0 ? [] : removed, position: this.position, stale: false }
  }

  shown(subfolders: boolean): Record<string, string> {
    const shown = this.#live().filter(({ role }) => subfolders || role !== '')
    return Object.fromEntries(shown.map(({ id, name }) => [id, name]))
  }
}

const text = (node: WbxmlNode, tag: 'ServerId' | 'DisplayName' | 'Status' | 'SyncKey') =>
  textOf(child(node, `folderhierarchy:${tag}`)!)

/** A phone that keeps folders, and sometimes doesn't get an answer. */
class Phone {
  key = '0'
  folders = new Map<string, string>()
  readonly client: EasClient

  constructor(client: EasClient) {
    this.client = client
  }

  async sync(lost: boolean): Promise<void> {
    const body = el('folderhierarchy:FolderSync', [el('folderhierarchy:SyncKey', this.key)])
    const { root } = await this.client.post('FolderSync', body)
    assert.equal(text(root!, 'Status'), '1')
    if (lost) return
    this.#apply(child(root, 'folderhierarchy:Changes')!)
    this.key = text(root!, 'SyncKey')
  }

  #apply(changes: WbxmlNode): void {
    for (const node of childrenNamed(changes, 'folderhierarchy:Update')) {
      assert.ok(this.folders.has(text(node, 'ServerId')), 'an unknown folder was changed')
      this.folders.set(text(node, 'ServerId'), text(node, 'DisplayName'))
    }
    for (const node of childrenNamed(changes, 'folderhierarchy:Delete'))
      assert.ok(this.folders.delete(text(node, 'ServerId')), 'an unknown folder was deleted')
    for (const node of childrenNamed(changes, 'folderhierarchy:Add')) {
      assert.ok(!this.folders.has(text(node, 'ServerId')), 'a folder was added twice')
      this.folders.set(text(node, 'ServerId'), text(node, 'DisplayName'))
    }
  }
}

type Step = {
  readonly do: 'create' | 'rename' | 'remove' | 'sync' | 'lose' | 'switch'
  readonly pick: number
}

const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom<Step['do']>('create', 'create', 'rename', 'remove', 'sync', 'sync', 'lose', 'switch'),
  pick: fc.nat({ max: 20 }),
})

/** Resolves when this process has heard of the change and forgotten what it knew. */
const switchSubfolders = async (service: TestService, subfolders: boolean): Promise<void> => {
  service.directory.settings.set('eas.subfolders', String(subfolders))
  const position = await service.directory.tell({ tenant: 'acme', account: '-' }, 'TenantSettingsChanged')
  await waitUntil(() => service.directory.followed >= position)
  await new Promise(setImmediate)
}

test('a phone’s folders are the server’s, with lost answers, repeats, and subfolders switched on and off', async () => {
  const service = shared()
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 18 }), async (steps) => {
      const hierarchy = new Hierarchy()
      service.mail.hierarchyOf = (after) => hierarchy.since(after)
      let subfolders = true
      await switchSubfolders(service, subfolders)
      const phone = new Phone(service.phone())
      for (const { do: what, pick } of steps) {
        if (what === 'create') hierarchy.create()
        else if (what === 'rename') hierarchy.rename(pick)
        else if (what === 'remove') hierarchy.remove(pick)
        else if (what === 'switch') {
          subfolders = !subfolders
          await switchSubfolders(service, subfolders)
        } else {
          await phone.sync(what === 'lose')
          if (what === 'sync')
            assert.deepEqual(Object.fromEntries(phone.folders), hierarchy.shown(subfolders))
        }
      }
      await phone.sync(false)
      assert.deepEqual(Object.fromEntries(phone.folders), hierarchy.shown(subfolders))
    }),
    { numRuns: 25 },
  )
})
