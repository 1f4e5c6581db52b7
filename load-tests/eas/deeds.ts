import { statusOf } from './answers.ts'
import type { Talk } from './effects.ts'
import { inboxOf } from './phone-state.ts'
import type { Plan } from './plan.ts'
import { type Asking, request } from './request.ts'
import { markRead, sendMail } from './requests.ts'
import { stampedSubject } from './stamp.ts'
import { sync, takeFolder } from './syncing.ts'
import { ownTrouble } from './trouble.ts'

const HOUR = 3600

/** Seconds until a phone's user does something again: never, where they do nothing. */
export const untilNextDeed = ({ looks, marks, sends }: Plan['users'], random: number): number => {
  const perHour = looks + marks + sends
  return perHour === 0 ? Number.POSITIVE_INFINITY : (-Math.log(1 - random) * HOUR) / perHour
}

/** One thing that people do with their phone, as often as the others. */
export function* doSomething(asking: Asking, users: Plan['users']): Talk<void> {
  const { looks, marks, sends } = users
  const chosen = asking.world.random() * (looks + marks + sends)
  if (chosen < sends) yield* send(asking)
  else if (chosen < sends + marks) yield* markOne(asking)
  else yield* look(asking)
}

export function* look(asking: Asking): Talk<void> {
  const inbox = inboxOf(asking.phone)
  if (inbox !== undefined) yield* takeFolder(asking, inbox)
}

function* markOne(asking: Asking): Talk<void> {
  const { phone, world } = asking
  const inbox = inboxOf(phone)
  if (inbox === undefined || inbox.key === '0') return yield* look(asking)
  const item = phone.unread.shift()
  if (item === undefined) return yield* look(asking)
  yield* sync(asking, markRead(phone, inbox, item))
  world.count('messages marked')
}

function* send(asking: Asking): Talk<void> {
  const { phone, world } = asking
  phone.sent += 1
  const root = yield* request(asking, {
    command: 'SendMail',
    body: sendMail(`${phone.device}-${phone.sent}-${Math.round(world.date())}`, letter(asking)),
  })
  const status = statusOf(root)
  if (status !== '1') throw ownTrouble('SendMail', status)
  world.count('messages sent')
}

const LINE = 'The minutes of our last call are attached; we will talk about the budget on Monday.'
const LINES = 24

const letter = ({ phone, world }: Asking): string =>
  [
    `From: <${phone.account.address}>`,
    `To: <${world.someone()}>`,
    `Subject: ${stampedSubject(phone.sent, world.date())}`,
    `Date: ${new Date(world.date()).toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${phone.device}.${phone.sent}.${Math.round(world.date())}@load.invalid>`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    '',
    ...Array.from({ length: LINES }, () => LINE),
    '',
  ].join('\r\n')
