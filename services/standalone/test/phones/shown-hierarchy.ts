import { el, type WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import { child, childrenNamed, textChild } from '@relais/device-sync/wbxml/read.ts'
import { Violation } from './shown-folder.ts'

type Tag = 'Status' | 'SyncKey' | 'ServerId' | 'ParentId' | 'DisplayName'
const text = (node: WbxmlNode | undefined, tag: Tag) => textChild(node, `folderhierarchy:${tag}`) ?? ''

type FolderCommand = 'FolderSync' | 'FolderCreate' | 'FolderUpdate' | 'FolderDelete'

/** Sends a command, and as often as it goes wrong; the answer that arrives. */
export type Ask = (command: FolderCommand, body: WbxmlNode) => Promise<WbxmlNode | undefined>

/** What a phone may be told of its change that isn't a success: the name is taken, or what it speaks of is gone. */
const REFUSALS: ReadonlySet<string> = new Set(['2', '4', '5'])

/** The folders that a phone shows, and the key of their series. */
export class ShownHierarchy {
  #key = '0'
  readonly #names = new Map<string, string>()

  get names(): ReadonlyMap<string, string> {
    return this.#names
  }

  async sync(ask: Ask): Promise<boolean> {
    const answer = await this.#asked(ask, 'FolderSync', [])
    if (text(answer, 'Status') !== '1')
      throw new Violation(`FolderSync was answered with Status ${text(answer, 'Status')}`)
    const before = this.#key
    this.#key = text(answer, 'SyncKey')
    this.#apply(child(answer, 'folderhierarchy:Changes'))
    return before !== this.#key
  }

  /** Folders of their owner: all others have a role. */
  #own(nth: number): string | undefined {
    const own = [...this.#names.keys()].filter((id) => /^m\d+$/.test(id))
    return own[nth % Math.max(1, own.length)]
  }

  async create(ask: Ask, name: string): Promise<void> {
    const parts = [
      el('folderhierarchy:ParentId', '0'),
      el('folderhierarchy:DisplayName', name),
      el('folderhierarchy:Type', 12),
    ]
    const answer = await this.#changed(ask, 'FolderCreate', parts)
    if (answer !== undefined) this.#add(text(answer, 'ServerId'), name)
  }

  async rename(ask: Ask, nth: number, name: string): Promise<void> {
    const id = this.#own(nth)
    if (id === undefined) return
    const parts = [
      el('folderhierarchy:ServerId', id),
      el('folderhierarchy:ParentId', '0'),
      el('folderhierarchy:DisplayName', name),
    ]
    if ((await this.#changed(ask, 'FolderUpdate', parts)) !== undefined) this.#names.set(id, name)
  }

  async delete(ask: Ask, nth: number): Promise<void> {
    const id = this.#own(nth)
    if (id === undefined) return
    const parts = [el('folderhierarchy:ServerId', id)]
    if ((await this.#changed(ask, 'FolderDelete', parts)) !== undefined) this.#names.delete(id)
  }

  /** Undefined: it was refused, and the phone looks what there is. */
  async #changed(ask: Ask, command: FolderCommand, parts: WbxmlNode[]): Promise<WbxmlNode | undefined> {
    const answer = await this.#asked(ask, command, parts)
    const status = text(answer, 'Status')
    if (status === '1') {
      this.#key = text(answer, 'SyncKey')
      return answer
    }
    if (!REFUSALS.has(status)) throw new Violation(`${command} was answered with Status ${status}`)
    await this.sync(ask)
    return undefined
  }

  #asked(ask: Ask, command: FolderCommand, parts: WbxmlNode[]): Promise<WbxmlNode | undefined> {
    return ask(
      command,
      el(`folderhierarchy:${command}`, [el('folderhierarchy:SyncKey', this.#key), ...parts]),
    )
  }

  #apply(changes: WbxmlNode | undefined): void {
    if (changes === undefined) return
    for (const node of childrenNamed(changes, 'folderhierarchy:Delete'))
      this.#names.delete(text(node, 'ServerId'))
    for (const node of childrenNamed(changes, 'folderhierarchy:Update')) {
      if (!this.#names.has(text(node, 'ServerId')))
        throw new Violation('a folder was changed, which isn’t shown')
      this.#names.set(text(node, 'ServerId'), text(node, 'DisplayName'))
    }
    for (const node of childrenNamed(changes, 'folderhierarchy:Add'))
      this.#add(text(node, 'ServerId'), text(node, 'DisplayName'))
  }

  #add(id: string, name: string): void {
    if (this.#names.has(id)) throw new Violation(`the folder ${id} was added twice`)
    this.#names.set(id, name)
  }
}
