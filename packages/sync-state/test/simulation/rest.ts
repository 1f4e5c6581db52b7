import type { Phone } from './phone.ts'
import type { Player } from './player.ts'
import { violated } from './violation.ts'

/** Syncs until everybody rests; more means that phones and server chase each other. */
const MAX_ROUNDS = 400
/** Rows that a Sync with nothing to tell may look at. */
const MAX_IDLE_ROWS = 3

/** Lets all phones come to rest, and compares them with what is there. */
export const comeToRest = async (player: Player): Promise<void> => {
  await player.finishOrphans()
  await untilAllWait(player)
  for (const phone of player.phones) await lastSync(player, phone)
  for (const phone of player.phones) player.oracle.requireEqual(phone, 'at the end', false)
}

const untilAllWait = async (player: Player) => {
  const rested = new Map<Phone, string>()
  for (let round = 0, isBusy = true; isBusy; round++) {
    if (round > MAX_ROUNDS) violated('no rest: phones go on syncing for ever')
    isBusy = false
    await player.world.project()
    for (const phone of player.phones) if (await isActive(player, phone, rested)) isBusy = true
  }
}

const isActive = async (player: Player, phone: Phone, rested: Map<Phone, string>): Promise<boolean> => {
  const wanted = phone.settings.collections.filter((one) => phone.wants(one))
  if (wanted.length > 0 || phone.storage.moves.length > 0) {
    const first = wanted[0] ?? phone.settings.collections[0]!
    const isWhole = phone.family === 'outlook' && wanted.length > 0
    await player.exchange(phone, isWhole ? wanted : [first], player.settings.windows[0]!)
    return true
  }
  const moment = momentOf(player, phone)
  if (rested.get(phone) === moment) return false
  player.pings.start(phone)
  const changed = player.pings.poll(phone) ?? player.pings.end(phone)!
  if (changed.length > 0) return true
  rested.set(phone, moment)
  player.oracle.requireEqual(phone, 'while its Ping waits', true)
  return false
}

const momentOf = ({ world }: Player, { name }: Phone) =>
  [world.head, world.clock, world.levelOf(name), world.viewVersion].join('/')

/** The horizon may have slid: one more Sync each, and one after it that has nothing to tell. */
const lastSync = async (player: Player, phone: Phone) => {
  const window = player.settings.windows[0]!
  for (const collection of phone.settings.collections) {
    let count = 0
    do {
      if (++count > MAX_ROUNDS) violated('no rest at the last Sync')
      await player.exchange(phone, [collection], window)
    } while (phone.wants(collection))
    const { reply } = await player.exchange(phone, [collection], window)
    const [part] = reply!.collections
    if (part?.status !== 1 || !part.quiet)
      return violated(`a Sync right after the last one tells something in ${collection}`)
    if (part.examined > MAX_IDLE_ROWS) violated(`a Sync with nothing to tell looked at ${part.examined} rows`)
  }
}
