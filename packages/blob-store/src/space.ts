/**
 * The name under which a service keeps blobs of a tenant that another service sweeps: `acme.directory`. Ids of tenants have no dots, so
 * no tenant is taken for a space.
 */
export const spaceOf = (tenant: string, service: string): string => `${tenant}.${service}`

/** The tenant of a space of this service; undefined: the name is a tenant's, or another service's space. */
export const tenantOfSpace = (name: string, service: string): string | undefined =>
  name.endsWith(`.${service}`) ? name.slice(0, -service.length - 1) : undefined

/** Whether the blobs of this name belong to one service, which sweeps them itself. */
export const isSpace = (name: string): boolean => name.includes('.')
