/** To the thread that keeps write-ahead logs short. */
export type WalRequest = {
  /**
   * copy: pages of the log into the database. restart: begin the log anew, while the writer holds still.
   * write: run statements that take long, while the writer holds still.
   * open: hold a connection, so that the last one to close is that thread's. close: that one.
   */
  readonly kind: 'copy' | 'restart' | 'write' | 'open' | 'close'
  readonly id: number
  readonly path: string
  /** Of `write`; run in one transaction. */
  readonly statements?: readonly string[]
}

/** Said when a request is done; `error` is undefined if it went well. */
export type WalReply = {
  readonly kind: WalRequest['kind']
  readonly id: number
  readonly error: string | undefined
}
