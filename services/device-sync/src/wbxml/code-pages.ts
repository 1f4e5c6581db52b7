import type { CodePage, EasVersion } from './code-page.ts'
import { airNotify } from './pages/air-notify.ts'
import { airSync } from './pages/air-sync.ts'
import { airSyncBase } from './pages/air-sync-base.ts'
import { calendar } from './pages/calendar.ts'
import { composeMail } from './pages/compose-mail.ts'
import { contacts } from './pages/contacts.ts'
import { contacts2 } from './pages/contacts2.ts'
import { documentLibrary } from './pages/document-library.ts'
import { email } from './pages/email.ts'
import { email2 } from './pages/email2.ts'
import { find } from './pages/find.ts'
import { folderHierarchy } from './pages/folder-hierarchy.ts'
import { gal } from './pages/gal.ts'
import { getItemEstimate } from './pages/get-item-estimate.ts'
import { itemOperations } from './pages/item-operations.ts'
import { meetingResponse } from './pages/meeting-response.ts'
import { move } from './pages/move.ts'
import { notes } from './pages/notes.ts'
import { ping } from './pages/ping.ts'
import { provision } from './pages/provision.ts'
import { resolveRecipients } from './pages/resolve-recipients.ts'
import { rightsManagement } from './pages/rights-management.ts'
import { search } from './pages/search.ts'
import { settings } from './pages/settings.ts'
import { tasks } from './pages/tasks.ts'
import { validateCert } from './pages/validate-cert.ts'

/** All 26, at their own numbers (MS-ASWBXML 2.1.2.1). */
export const codePages = [
  airSync,
  contacts,
  email,
  airNotify,
  calendar,
  move,
  getItemEstimate,
  folderHierarchy,
  meetingResponse,
  tasks,
  resolveRecipients,
  validateCert,
  contacts2,
  ping,
  provision,
  search,
  gal,
  airSyncBase,
  settings,
  documentLibrary,
  itemOperations,
  composeMail,
  email2,
  notes,
  rightsManagement,
  find,
] as const

type TagOf<Page> = Page extends { prefix: infer Prefix extends string; tags: infer Tags }
  ? `${Prefix}:${keyof Tags & string}`
  : never

/** `prefix:Tag`, e.g. `airsync:SyncKey`: every tag of every page, checked by the compiler. */
export type TagName = TagOf<(typeof codePages)[number]>

export type TagPlace = {
  readonly page: number
  readonly token: number
  readonly namespace: string
  readonly localName: string
  readonly since: EasVersion | 0
  readonly until: EasVersion | 0
}

const placesOf = (page: CodePage): [TagName, TagPlace][] =>
  Object.entries(page.tags).map(([localName, [token, since = 25, until = 161]]) => [
    `${page.prefix}:${localName}` as TagName,
    { page: page.page, token, namespace: page.namespace, localName, since, until },
  ])

/** Where each tag stands. */
export const tagPlaces: ReadonlyMap<TagName, TagPlace> = new Map(codePages.flatMap(placesOf))

const namesByToken = (page: CodePage): readonly (TagName | undefined)[] => {
  const names: (TagName | undefined)[] = new Array(64).fill(undefined)
  for (const [tag, place] of placesOf(page)) names[place.token] = tag
  return names
}

/** `tagNames[page][token]`; undefined where the specification has a gap. */
export const tagNames: readonly (readonly (TagName | undefined)[])[] = codePages.map(namesByToken)

/** Whether a tag may be emitted to a client of this version. */
export const knownIn = (tag: TagName, version: EasVersion): boolean => {
  const place = tagPlaces.get(tag)
  return place !== undefined && place.since <= version && version <= place.until
}
