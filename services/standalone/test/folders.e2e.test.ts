import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { EasClient, type EasResponse } from '@relais/device-sync/testing/eas-client.ts'
import { el, type WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import { child, childrenNamed, textChild } from '@relais/device-sync/wbxml/read.ts'
import fc from 'fast-check'
import type { Person } from './phones/world.ts'
import { createWorld } from './phones/worlds.ts'
import { testFolder } from './process.ts'

const folder = testFolder()
const world = createWorld(`${folder.path}/data`)
const clients: EasClient[] = []
before(() => world.start())
after(async () => {
  for (const client of clients) client.close()
  await world.stop()
  folder.remove()
})

type Tag = 'Status' | 'SyncKey' | 'ServerId' | 'ParentId' | 'DisplayName'
const text = (node: WbxmlNode | undefined, tag: Tag) => textChild(node, `folderhierarchy:${tag}`) ?? ''
const statusOf = ({ root }: EasResponse) => text(root, 'Status')

let devices = 0

type Folder = { name: string; parent: string }

/** A phone that keeps folders, makes them, and sometimes doesn't get an answer: then it says the same again. */
class FolderPhone {
  key = '0'
  readonly folders = new Map<string, Folder>()
  readonly #client: EasClient
  /** The next answers that are lost. */
  lost = 0

  constructor(person: Person) {
    const { address: user, password } = person
    this.#client = new EasClient({ url: world.urls[0]!, user, password, deviceId: `FOLDERS${++devices}` })
    clients.push(this.#client)
  }

  async sync(): Promise<void> {
    const { root } = await this.#ask('FolderSync', [])
    if (text(root, 'Status') !== '1') throw new Error(`FolderSync Status ${text(root, 'Status')}`)
    this.key = text(root, 'SyncKey')
    const changes = child(root, 'folderhierarchy:Changes')
    if (changes) this.#apply(changes)
  }

  async create(name: string, parent = '0', type = 12): Promise<EasResponse> {
    const parts = [
      el('folderhierarchy:ParentId', parent),
      el('folderhierarchy:DisplayName', name),
      el('folderhierarchy:Type', type),
    ]
    const answer = await this.#ask('FolderCreate', parts)
    if (this.#took(answer)) this.folders.set(text(answer.root, 'ServerId'), { name, parent })
    return answer
  }

  async update(id: string, name: string, parent = '0'): Promise<EasResponse> {
    const parts = [
      el('folderhierarchy:ServerId', id),
      el('folderhierarchy:ParentId', parent),
      el('folderhierarchy:DisplayName', name),
    ]
    const answer = await this.#ask('FolderUpdate', parts)
    if (this.#took(answer)) this.folders.set(id, { name, parent })
    return answer
  }

  async delete(id: string): Promise<EasResponse> {
    const answer = await this.#ask('FolderDelete', [el('folderhierarchy:ServerId', id)])
    if (this.#took(answer)) this.#remove(id)
    return answer
  }

  /** The Status that a Ping ends with. */
  async ping(id: string): Promise<string | undefined> {
    const folder = el('ping:Folder', [el('ping:Id', id), el('ping:Class', 'Email')])
    const parts = [el('ping:HeartbeatInterval', 60), el('ping:Folders', [folder])]
    const { root } = await this.#client.post('Ping', el('ping:Ping', parts))
    return textChild(root, 'ping:Status')
  }

  #took({ root }: EasResponse): boolean {
    if (text(root, 'Status') !== '1') return false
    this.key = text(root, 'SyncKey')
    return true
  }

  async #ask(command: 'FolderSync' | 'FolderCreate' | 'FolderUpdate' | 'FolderDelete', parts: WbxmlNode[]) {
    const body = el(`folderhierarchy:${command}`, [el('folderhierarchy:SyncKey', this.key), ...parts])
    for (; this.lost > 0; this.lost--) await this.#client.post(command, body)
    return this.#client.post(command, body)
  }

  #apply(changes: WbxmlNode): void {
    const folderOf = (node: WbxmlNode) => ({
      name: text(node, 'DisplayName'),
      parent: text(node, 'ParentId'),
    })
    for (const node of childrenNamed(changes, 'folderhierarchy:Update')) {
      assert.ok(this.folders.has(text(node, 'ServerId')), 'an unknown folder was changed')
      this.folders.set(text(node, 'ServerId'), folderOf(node))
    }
    for (const node of childrenNamed(changes, 'folderhierarchy:Delete')) this.#remove(text(node, 'ServerId'))
    for (const node of childrenNamed(changes, 'folderhierarchy:Add')) {
      assert.ok(!this.folders.has(text(node, 'ServerId')), 'a folder was added twice')
      this.folders.set(text(node, 'ServerId'), folderOf(node))
    }
  }

  /** What is under it goes with it. */
  #remove(id: string): void {
    this.folders.delete(id)
    for (const [under, { parent }] of this.folders) if (parent === id) this.#remove(under)
  }

  get own(): string[] {
    return [...this.folders.keys()].filter((id) => /^m\d+$/.test(id))
  }

  get sorted() {
    return [...this.folders].sort(([a], [b]) => (a < b ? -1 : 1))
  }
}

const phoneOf = async (person?: Person) => {
  const phone = new FolderPhone(person ?? (await world.person()))
  await phone.sync()
  return phone
}

const idOf = ({ root }: EasResponse) => text(root, 'ServerId')

describe('a folder that came and went before a phone heard of it', () => {
  test('is nothing to tell, and no reason to send the phone to FolderSync again and again', async () => {
    const person = await world.person()
    const phone = await phoneOf(person)
    const before = phone.sorted
    await world.actOnFolders(person, 'create', 1)
    await world.actOnFolders(person, 'delete', 0)
    await phone.sync()
    assert.deepEqual(phone.sorted, before)
    const answer = phone.ping('inbox')
    await world.deliver(person, 'inbox', 1)
    assert.equal(await answer, '2')
  })
})

describe('FolderCreate', () => {
  test('makes a folder that the next FolderSync does not bring again', async () => {
    const phone = await phoneOf()
    const made = await phone.create('Projects')
    assert.equal(statusOf(made), '1')
    const before = phone.sorted
    await phone.sync()
    assert.deepEqual(phone.sorted, before)
    assert.equal(phone.folders.get(idOf(made))?.name, 'Projects')
  })
  test('said again after a lost answer makes nothing twice', async () => {
    const person = await world.person()
    const phone = await phoneOf(person)
    phone.lost = 2
    await phone.create('Once')
    const other = await phoneOf(person)
    assert.equal(other.own.length, 1)
    assert.deepEqual(other.sorted, phone.sorted)
  })
  test('makes a folder in a folder', async () => {
    const person = await world.person()
    const phone = await phoneOf(person)
    const top = idOf(await phone.create('Top'))
    await phone.create('Under', top)
    assert.deepEqual((await phoneOf(person)).sorted, phone.sorted)
  })
  for (const [status, why, attempt] of [
    ['2', 'there is one of that name', (phone: FolderPhone) => phone.create('Taken')],
    ['2', 'one differs in case only', (phone: FolderPhone) => phone.create('TAKEN')],
    ['5', 'its parent does not exist', (phone: FolderPhone) => phone.create('New', 'm999')],
    ['10', 'it has no name', (phone: FolderPhone) => phone.create('  ')],
    ['6', 'it is for something that is not served', (phone: FolderPhone) => phone.create('Cal', '0', 13)],
    ['6', 'it would be a second inbox', (phone: FolderPhone) => phone.create('In', '0', 2)],
  ] as const)
    test(`Status ${status}: ${why}`, async () => {
      const phone = await phoneOf()
      await phone.create('Taken')
      assert.equal(statusOf(await attempt(phone)), status)
      assert.equal(phone.own.length, 1)
    })
})

describe('FolderUpdate', () => {
  test('renames and moves, and another phone is told', async () => {
    const person = await world.person()
    const phone = await phoneOf(person)
    const [a, b] = [idOf(await phone.create('A')), idOf(await phone.create('B'))]
    const other = await phoneOf(person)
    assert.equal(statusOf(await phone.update(b, 'Below', a)), '1')
    await other.sync()
    assert.deepEqual(other.folders.get(b), { name: 'Below', parent: a })
    await phone.sync()
    assert.deepEqual(phone.sorted, other.sorted)
  })
  for (const [status, why, attempt] of [
    ['2', 'a default folder keeps its name', (phone: FolderPhone) => phone.update('inbox', 'Mine')],
    ['2', 'there is one of that name', (phone: FolderPhone, id: string) => phone.update(id, 'Other')],
    ['4', 'there is no such folder', (phone: FolderPhone) => phone.update('m999', 'New')],
    ['5', 'its parent does not exist', (phone: FolderPhone, id: string) => phone.update(id, 'New', 'm999')],
    ['5', 'it would lie in itself', (phone: FolderPhone, id: string) => phone.update(id, 'New', id)],
  ] as const)
    test(`Status ${status}: ${why}`, async () => {
      const phone = await phoneOf()
      const id = idOf(await phone.create('One'))
      await phone.create('Other')
      const before = phone.sorted
      assert.equal(statusOf(await attempt(phone, id)), status)
      await phone.sync()
      assert.deepEqual(phone.sorted, before)
    })
})

describe('FolderDelete', () => {
  test('takes what is under it, and its mail goes to the trash', async () => {
    const person = await world.person()
    const phone = await phoneOf(person)
    const top = idOf(await phone.create('Top'))
    await phone.create('Under', top)
    assert.equal(statusOf(await phone.delete(top)), '1')
    const other = await phoneOf(person)
    assert.deepEqual(other.own, [])
    await phone.sync()
    assert.deepEqual(phone.sorted, other.sorted)
  })
  test('Status 3: a default folder stays', async () => {
    const phone = await phoneOf()
    for (const id of ['inbox', 'sent', 'trash', 'drafts'])
      assert.equal(statusOf(await phone.delete(id)), '3', id)
  })
  test('Status 4: there is no such folder', async () => {
    assert.equal(statusOf(await (await phoneOf()).delete('m999')), '4')
  })
})

test('Status 9: a key that is none of ours sends the phone to FolderSync with key 0', async () => {
  const phone = await phoneOf()
  for (const key of ['0', '7', 'f1.zz.5.a']) {
    phone.key = key
    assert.equal(statusOf(await phone.create('New')), '9', key)
    assert.equal(statusOf(await phone.update('inbox', 'New')), '9', key)
    assert.equal(statusOf(await phone.delete('inbox')), '9', key)
  }
})

type Step = {
  readonly phone: 0 | 1
  readonly do: 'create' | 'rename' | 'move' | 'delete' | 'sync'
  readonly pick: number
  readonly lost: number
}

const step: fc.Arbitrary<Step> = fc.record({
  phone: fc.constantFrom(0, 1),
  do: fc.constantFrom('create', 'create', 'rename', 'move', 'delete', 'sync'),
  pick: fc.nat(20),
  lost: fc.constantFrom(0, 0, 0, 1, 2),
})

const carryOut = async (phone: FolderPhone, step: Step, n: number): Promise<void> => {
  phone.lost = step.lost
  const { own } = phone
  const id = own[step.pick % Math.max(1, own.length)]
  const target = own[(step.pick * 7) % Math.max(1, own.length)] ?? '0'
  if (step.do === 'create') await phone.create(`Folder ${n}`, step.pick % 3 === 0 ? target : '0')
  else if (step.do === 'rename' && id) await phone.update(id, `Renamed ${n}`, phone.folders.get(id)?.parent)
  else if (step.do === 'move' && id) await phone.update(id, phone.folders.get(id)?.name ?? '', target)
  else if (step.do === 'delete' && id) await phone.delete(id)
  else await phone.sync()
}

test('two phones that make, rename, move and delete folders at will, with lost answers, end with the same', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
      const person = await world.person()
      const phones = [await phoneOf(person), await phoneOf(person)] as const
      for (const [n, one] of steps.entries()) await carryOut(phones[one.phone], one, n)
      for (const phone of phones) {
        phone.lost = 0
        await phone.sync()
      }
      const fresh = await phoneOf(person)
      for (const phone of phones) assert.deepEqual(phone.sorted, fresh.sorted)
    }),
    { numRuns: 25 },
  )
})
