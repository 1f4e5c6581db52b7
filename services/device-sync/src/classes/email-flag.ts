import type { Flag } from '@relais/proto/mail/v1/message.ts'
import type { TagName } from '../wbxml/code-pages.ts'
import { ValueError } from '../wbxml/errors.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'
import { boolChild, child, childrenOf, intChild, textChild } from '../wbxml/read.ts'
import { dateTime, dateTimeOf } from './dates.ts'

const ACTIVE = 2
const COMPLETE = 1
const CLEAR = 0

const time = (tag: TagName, at: number): WbxmlNode | undefined =>
  at === 0 ? undefined : el(tag, dateTime(at))

const text = (tag: TagName, value: string): WbxmlNode | undefined =>
  value === '' ? undefined : el(tag, value)

const reminder = (flag: Flag): readonly (WbxmlNode | undefined)[] =>
  flag.reminderSet ? [el('tasks:ReminderSet', true), time('tasks:ReminderTime', flag.reminderTime)] : []

/** MS-ASEMAIL 2.2.2.34; no flag is an empty tag. */
export const flagElement = (flag: Flag | undefined): WbxmlNode => {
  if (!flag) return el('email:Flag')
  return el('email:Flag', [
    text('tasks:Subject', flag.subject),
    el('email:Status', flag.status === 'complete' ? COMPLETE : ACTIVE),
    el('email:FlagType', flag.type || 'Flag for follow up'),
    time('tasks:DateCompleted', flag.dateCompleted),
    time('email:CompleteTime', flag.completedAt),
    time('tasks:StartDate', flag.startDate),
    time('tasks:DueDate', flag.dueDate),
    time('tasks:UtcStartDate', flag.utcStartDate),
    time('tasks:UtcDueDate', flag.utcDueDate),
    ...reminder(flag),
    time('tasks:OrdinalDate', flag.ordinalDate),
    text('tasks:SubOrdinalDate', flag.subOrdinalDate),
  ])
}

const timeChild = (node: WbxmlNode, tag: TagName): number => {
  const found = child(node, tag)
  return found?.content ? dateTimeOf(found) : 0
}

/** Local and UTC time of one moment come together (MS-ASEMAIL 2.2.2.87), nothing is due before it starts, a reminder has a time. */
const requireSense = (flag: Flag): Flag => {
  const { startDate, utcStartDate, dueDate, utcDueDate, reminderSet, reminderTime } = flag
  const contradicts =
    (startDate === 0) !== (utcStartDate === 0) ||
    (dueDate === 0) !== (utcDueDate === 0) ||
    (utcStartDate > 0 && utcDueDate > 0 && utcStartDate > utcDueDate) ||
    (reminderSet && reminderTime === 0)
  if (contradicts) throw new ValueError('email:Flag', 'contradicts itself')
  return flag
}

/** Undefined: the flag is cleared (an empty tag, or Status 0). Errors: INVALID_VALUE. */
export const readFlag = (node: WbxmlNode): Flag | undefined => {
  if (childrenOf(node).length === 0) return undefined
  const status = intChild(node, 'email:Status', { max: ACTIVE }) ?? ACTIVE
  if (status === CLEAR) return undefined
  return requireSense({
    status: status === COMPLETE ? 'complete' : 'active',
    type: textChild(node, 'email:FlagType', { max: 256 }) ?? '',
    subject: textChild(node, 'tasks:Subject') ?? '',
    startDate: timeChild(node, 'tasks:StartDate'),
    utcStartDate: timeChild(node, 'tasks:UtcStartDate'),
    dueDate: timeChild(node, 'tasks:DueDate'),
    utcDueDate: timeChild(node, 'tasks:UtcDueDate'),
    completedAt: timeChild(node, 'email:CompleteTime'),
    dateCompleted: timeChild(node, 'tasks:DateCompleted'),
    reminderSet: boolChild(node, 'tasks:ReminderSet') ?? false,
    reminderTime: timeChild(node, 'tasks:ReminderTime'),
    ordinalDate: timeChild(node, 'tasks:OrdinalDate'),
    subOrdinalDate: textChild(node, 'tasks:SubOrdinalDate', { max: 256 }) ?? '',
  })
}
