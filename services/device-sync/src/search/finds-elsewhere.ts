import type { Announcements } from '@relais/read-store'
import type { NewerRequests } from '../push/newer-requests.ts'

const LINE = /^find (\d{1,16}) (\S{1,600})$/

/**
 * Searches that begin, told to the other device-syncs as texts of one line: `find AT TENANT/ACCOUNT/DEVICE`. It may be lost: then the older
 * search of the phone runs to its end, for nobody.
 */
export const findsElsewhere = (announcements: Announcements): NewerRequests => ({
  tell: ({ key, at }) => announcements.tell(`find ${at} ${key}`),
  hear: (listener) =>
    announcements.hear((text) => {
      const [, at, key] = LINE.exec(text) ?? []
      if (at !== undefined && key !== undefined) listener({ key, at: Number(at) })
    }),
})
