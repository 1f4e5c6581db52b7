/** Where a database is and who may enter. The user may create schemas in it. */
export type PostgresConnection = {
  readonly host: string
  readonly port: number
  /** Asked in this order when the first host is gone or takes no writes: after a failover the new primary is among them. */
  readonly others?: readonly { readonly host: string; readonly port: number }[]
  readonly user: string
  readonly password: string
  readonly database: string
  /** PEM of whom to trust; absent: no TLS. */
  readonly ssl?: { readonly ca: string; readonly cert?: string; readonly key?: string }
}
