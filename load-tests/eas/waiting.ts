import { readPing } from './answers.ts'
import type { Talk } from './effects.ts'
import { inboxOf, type PhoneState } from './phone-state.ts'
import { type Asking, request } from './request.ts'
import { heldSync, ping } from './requests.ts'
import { stampsIn, sync, takeFolder } from './syncing.ts'
import { ownTrouble, Trouble } from './trouble.ts'

/** A request that wasn't answered for so long waits at the server, rather than in a queue before it. */
const HELD_SECONDS = 1

/** Waits for news as the phone's family does, for `seconds` at most, and takes it. `isBack`: what to do once it waits. */
export function* wait(asking: Asking, seconds: number, waits: (since: number) => void): Talk<void> {
  const { world, phone } = asking
  const began = world.now()
  let isWaiting = true
  try {
    yield* phone.family.push === 'ping' ? waitByPing(asking, seconds) : waitBySync(asking, seconds)
  } catch (error) {
    isWaiting =
      error instanceof Trouble && error.kind === 'interrupted' && world.now() - began >= HELD_SECONDS
    throw error
  } finally {
    if (isWaiting) waits(began)
  }
}

function* waitByPing(asking: Asking, interruptAfter: number): Talk<void> {
  const { phone, world } = asking
  const inbox = inboxOf(phone)
  if (inbox === undefined) throw new Trouble('folders', 'there is no inbox')
  const from = world.date()
  const held = { seconds: phone.heartbeat, interruptAfter }
  const body = ping(phone.heartbeat, inbox.id)
  const { status, heartbeat } = readPing(yield* request(asking, { command: 'Ping', body, held }))
  const answered = world.date()
  if (status === '1') return longer(phone)
  if (status === '2') return tellOf(asking, { from, answered }, yield* takeFolder(asking, inbox))
  if (status === '5' && heartbeat !== undefined) {
    phone.heartbeat = heartbeat
    throw new Trouble('again', 'Ping Status 5')
  }
  if (status === '7') throw new Trouble('folders', 'Ping Status 7')
  throw ownTrouble('Ping', status)
}

function* waitBySync(asking: Asking, interruptAfter: number): Talk<void> {
  const { phone, world } = asking
  // With a key of 0 there is nothing to wait for ([MS-ASCMD] 2.2.3.184).
  for (const folder of phone.folders) if (folder.key === '0') yield* takeFolder(asking, folder)
  const from = world.date()
  const body = phone.mayAskEmpty ? undefined : heldSync(phone, phone.heartbeat)
  phone.mayAskEmpty = false
  const { folders } = yield* sync(asking, body, { seconds: phone.heartbeat, interruptAfter })
  const answered = world.date()
  phone.mayAskEmpty = folders.length === 0
  if (folders.length === 0) longer(phone)
  tellOf(
    asking,
    { from, answered },
    folders.flatMap(({ added }) => stampsIn(added)),
  )
  for (const { id, isMore } of folders) {
    const folder = phone.folders.find((one) => one.id === id)
    if (isMore && folder !== undefined) yield* takeFolder(asking, folder)
  }
}

const longer = (phone: PhoneState): void => {
  const { step, most } = phone.family.heartbeat
  phone.heartbeat = Math.min(most, phone.heartbeat + step)
}

/** Mail that was handed in while the phone waited: what took so long was the server, and not the phone. */
const tellOf = (
  { world }: Asking,
  { from, answered }: { from: number; answered: number },
  stamps: readonly number[],
): void => {
  const meanwhile = stamps.filter((stamp) => stamp >= from && stamp <= answered)
  if (meanwhile.length === 0) return
  world.took('told', answered - Math.min(...meanwhile))
  const now = world.date()
  for (const stamp of meanwhile) world.took('arrived', now - stamp)
}
