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

/** Why a request failed: what a thread can tell another of an error. */
export type WalFailure = {
  readonly message: string
  /** SQLite's result code, https://sqlite.org/rescode.html, where it was SQLite that said so. */
  readonly errcode?: number
}

/** Said when a request is done; `failure` is undefined if it went well. */
export type WalReply = {
  readonly kind: WalRequest['kind']
  readonly id: number
  readonly failure: WalFailure | undefined
}
