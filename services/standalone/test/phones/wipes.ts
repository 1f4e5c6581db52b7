import { el, type WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import { has, textChild } from '@relais/device-sync/wbxml/read.ts'
import { OPERATOR } from '@relais/service-kit'
import { numberOf } from './families.ts'
import { Violation } from './shown-folder.ts'
import type { SimulatedPhone } from './simulated-phone.ts'
import type { Person, World } from './world.ts'

const ACCOUNT_ONLY_SINCE = 161
/** A device-sync hears of what another was told within a moment. */
const MOST_TRIES = 500

const provision = (...parts: readonly WbxmlNode[]) => el('provision:Provision', parts)

/** An administrator wipes the phone; it hears of it, does it and says so, twice if its answer is lost, and is set up again. */
export const wipe = async (
  { world, person }: { readonly world: World; readonly person: Person },
  phone: SimulatedPhone,
  { accountOnly, lost }: { readonly accountOnly: boolean; readonly lost: boolean },
): Promise<void> => {
  if (world.devices === undefined) return
  const only = accountOnly && numberOf(phone.family.version) >= ACCOUNT_ONLY_SINCE
  // Its version counts once it has been heard in it.
  if (only) await phone.syncFolders()
  const device = { tenant: 'acme', account: person.account, device: phone.device }
  await world.devices.wipeDevice({ ...device, accountOnly: only }, { identity: OPERATOR })
  const tag = only ? 'provision:AccountOnlyRemoteWipe' : 'provision:RemoteWipe'
  for (let tries = 1; ; tries += 1) {
    const { root } = await phone.post('Provision', provision())
    if (root !== undefined && has(root, tag)) break
    if (tries === MOST_TRIES) throw new Violation('a phone was not told that it is to be wiped')
  }
  const word = provision(el(tag, [el('provision:Status', 1)]))
  for (let n = lost ? 2 : 1; n > 0; n -= 1) {
    const { root } = await phone.post('Provision', word)
    if (textChild(root, 'provision:Status') !== '1')
      throw new Violation('the word of a wiped phone was not taken')
  }
  await world.devices.blockDevice({ ...device, blocked: false }, { identity: OPERATOR })
  await phone.startAfresh()
}
