import { noticeSubjects, tenantSubjects, tokenOf } from './subjects.ts'

/** Permissions of a NATS user, as its account's configuration or a token has them. */
export type Permissions = {
  readonly publish: { readonly allow: readonly string[] }
  readonly subscribe: { readonly allow: readonly string[] }
}

/**
 * What a user may do who is to read and follow one tenant of a pool, and nothing of another: one consumer that is called by the tenant's token,
 * whose filter stands in the subject of the request, its notices, and an inbox of its own (`inboxPrefix`). Requests that have their filter in the payload
 * (direct reads, stream information) are for the services, which see all of a pool.
 */
export const tenantPermissions = (stream: string, tenant: string): Permissions => {
  const token = tokenOf(tenant)
  const consumer = `${stream}.${token}`
  return {
    publish: {
      allow: [
        `$JS.API.CONSUMER.CREATE.${consumer}.${tenantSubjects(tenant)}`,
        `$JS.API.CONSUMER.MSG.NEXT.${consumer}`,
        `$JS.API.CONSUMER.DELETE.${consumer}`,
        `$JS.ACK.${consumer}.>`,
      ],
    },
    subscribe: {
      allow: [`${inboxPrefix(tenant)}.>`, noticeSubjects(stream).replace(/>$/, `${token}.>`)],
    },
  }
}

/** The prefix of the inboxes of such a user: nobody else hears what it is answered. */
export const inboxPrefix = (tenant: string): string => `_INBOX_${tokenOf(tenant)}`
