import type { Announcements } from '@relais/read-store'

/** Of a device (`tenant/account/device`): a request came, at a time in milliseconds since 1970. */
export type NewerRequest = { readonly key: string; readonly at: number }

/**
 * What the device-syncs tell each other, so that what a phone had waiting at another one is over. It may be lost: then the older request
 * ends with its connection, its heartbeat or a change.
 */
export type NewerRequests = {
  tell(request: NewerRequest): void
  hear(listener: (request: NewerRequest) => void): { close(): void }
}

const LINE = /^(\d{1,16}) (\S{1,600})$/

/** As texts of one line: `AT TENANT/ACCOUNT/DEVICE`. What another version may say is passed over. */
export const newerRequestsBy = (announcements: Announcements): NewerRequests => ({
  tell: ({ key, at }) => announcements.tell(`${at} ${key}`),
  hear: (listener) =>
    announcements.hear((text) => {
      const [, at, key] = LINE.exec(text) ?? []
      if (at !== undefined && key !== undefined) listener({ key, at: Number(at) })
    }),
})
