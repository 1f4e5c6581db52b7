import { decodeWbxml } from '@relais/device-sync/wbxml/decode.ts'
import { encodeWbxml } from '@relais/device-sync/wbxml/encode.ts'
import { el, type WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import { childrenNamed, childrenOf, descendant, textChild, textOf } from '@relais/device-sync/wbxml/read.ts'

export type Account = { readonly url: string; readonly address: string; readonly password: string }

export const VERSION = '16.1'
const DEVICE = 'RELAISCHECK1'
const POLICY = el('provision:PolicyType', 'MS-EAS-Provisioning-WBXML')
const INBOX = '2'
/** Longer than a Ping of the check may wait. */
const PATIENCE_MS = 120_000

/** A phone that does one round of everything: it sets itself up, waits for mail and takes it. */
export class CheckPhone {
  readonly #account: Account
  #policyKey = '0'
  #key = '0'

  constructor(account: Account) {
    this.#account = account
  }

  /** Versions of the protocol that the server speaks. */
  async versions(): Promise<readonly string[]> {
    const response = await this.#request({ method: 'OPTIONS' })
    return (response.headers.get('ms-asprotocolversions') ?? '').split(',')
  }

  /** [MS-ASPROV] 3.1.5: asks for the policy, takes it; answers whether there is one. */
  async provision(): Promise<boolean> {
    const device = el('settings:DeviceInformation', [el('settings:Set', [el('settings:Model', 'check')])])
    const asked = await this.#post('Provision', el('provision:Provision', [device, policies()]))
    const key = policyKeyOf(asked)
    if (key === undefined) return false
    const taken = policies(el('provision:PolicyKey', key), el('provision:Status', 1))
    this.#policyKey = policyKeyOf(await this.#post('Provision', el('provision:Provision', [taken]))) ?? '0'
    return true
  }

  /** The inbox's identifier. */
  async inbox(): Promise<string> {
    const root = await this.#post(
      'FolderSync',
      el('folderhierarchy:FolderSync', [el('folderhierarchy:SyncKey', 0)]),
    )
    expectStatus('FolderSync', textChild(root, 'folderhierarchy:Status'))
    const changes = descendant(root, 'folderhierarchy:Changes')
    const inbox = (changes ? childrenNamed(changes, 'folderhierarchy:Add') : []).find(
      (folder) => textChild(folder, 'folderhierarchy:Type') === INBOX,
    )
    const id = textChild(inbox, 'folderhierarchy:ServerId')
    if (id === undefined) throw new Error('FolderSync: there is no inbox')
    return id
  }

  /** Takes what is new; answers with the subjects of what was added, by identifier. */
  async sync(folder: string): Promise<ReadonlyMap<string, string>> {
    const added = new Map<string, string>()
    if (this.#key === '0') await this.#syncOnce(folder, [], added)
    const options = [el('airsync:GetChanges'), el('airsync:WindowSize', 512)]
    while (await this.#syncOnce(folder, options, added));
    return added
  }

  /** Removes a message for good. */
  async remove(folder: string, id: string): Promise<void> {
    const command = el('airsync:Commands', [el('airsync:Delete', [el('airsync:ServerId', id)])])
    await this.#syncOnce(
      folder,
      [el('airsync:DeletesAsMoves', 0), el('airsync:GetChanges'), command],
      new Map(),
    )
  }

  /** Waits for a change of the folder; answers with the status: 2 is a change, 1 none within the time. */
  async ping(folder: string, seconds: number): Promise<string> {
    const inbox = el('ping:Folder', [el('ping:Id', folder), el('ping:Class', 'Email')])
    const root = await this.#post(
      'Ping',
      el('ping:Ping', [el('ping:HeartbeatInterval', seconds), el('ping:Folders', [inbox])]),
    )
    return textChild(root, 'ping:Status') ?? ''
  }

  /** Whether there is more. */
  async #syncOnce(folder: string, rest: readonly WbxmlNode[], added: Map<string, string>): Promise<boolean> {
    const asked = [el('airsync:SyncKey', this.#key), el('airsync:CollectionId', folder), ...rest]
    const root = await this.#post(
      'Sync',
      el('airsync:Sync', [el('airsync:Collections', [el('airsync:Collection', asked)])]),
    )
    if (root === undefined) return false
    const told = descendant(root, 'airsync:Collections', 'airsync:Collection')
    expectStatus('Sync', textChild(told, 'airsync:Status'))
    this.#key = textChild(told, 'airsync:SyncKey') ?? this.#key
    const commands = descendant(told, 'airsync:Commands')
    for (const item of commands ? childrenNamed(commands, 'airsync:Add') : [])
      added.set(
        textChild(item, 'airsync:ServerId') ?? '',
        textChild(descendant(item, 'airsync:ApplicationData'), 'email:Subject') ?? '',
      )
    return told !== undefined && childrenOf(told).some(({ tag }) => tag === 'airsync:MoreAvailable')
  }

  async #post(command: string, body: WbxmlNode): Promise<WbxmlNode | undefined> {
    const user = encodeURIComponent(this.#account.address)
    const response = await this.#request({
      method: 'POST',
      query: `?Cmd=${command}&User=${user}&DeviceId=${DEVICE}&DeviceType=RelaisCheck`,
      body: encodeWbxml(body),
    })
    if (response.status !== 200) throw new Error(`${command}: HTTP ${response.status}`)
    const bytes = new Uint8Array(await response.arrayBuffer())
    return bytes.length === 0 ? undefined : decodeWbxml(bytes)
  }

  #request({ method, query = '', body }: { method: string; query?: string; body?: Uint8Array }) {
    const { url, address, password } = this.#account
    return fetch(`${url}/Microsoft-Server-ActiveSync${query}`, {
      method,
      body: body === undefined ? undefined : Buffer.from(body),
      signal: AbortSignal.timeout(PATIENCE_MS),
      headers: {
        Authorization: `Basic ${Buffer.from(`${address}:${password}`).toString('base64')}`,
        'MS-ASProtocolVersion': VERSION,
        'X-MS-PolicyKey': this.#policyKey,
        'User-Agent': 'RelaisCheck/1.0',
        ...(body === undefined ? {} : { 'Content-Type': 'application/vnd.ms-sync.wbxml' }),
      },
    })
  }
}

const policies = (...children: readonly WbxmlNode[]) =>
  el('provision:Policies', [el('provision:Policy', [POLICY, ...children])])

const policyKeyOf = (root: WbxmlNode | undefined): string | undefined => {
  expectStatus('Provision', textChild(root, 'provision:Status'))
  const key = descendant(root, 'provision:Policies', 'provision:Policy', 'provision:PolicyKey')
  return key && textOf(key)
}

const expectStatus = (command: string, status: string | undefined) => {
  if (status !== '1') throw new Error(`${command}: Status ${status ?? 'missing'}`)
}
