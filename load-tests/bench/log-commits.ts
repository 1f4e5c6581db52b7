import type { NewCommit } from '@relais/event-log'

export const ACCOUNTS = 1000

const PAYLOAD = new Uint8Array(600).fill(7)

let made = 0

/** As large as the commit of a delivered message: about 800 bytes. */
export const nextCommit = (): NewCommit => {
  const account = `u_${(made * 7919) % ACCOUNTS}`
  made++
  return {
    stream: { tenant: 't_1', account, service: 'mail' },
    events: [{ type: 'MessageDelivered', version: 1, payload: PAYLOAD }],
    commandId: `bench-${made}`,
    actor: { kind: 'service', id: 'mail-transport', device: '' },
    principal: account,
    correlation: `bench-${made}`,
    at: 1_764_000_000_000 + made,
    collections: [`inbox-${account}`],
  }
}

/** Since a time of `performance.now()`. */
export const perSecond = (count: number, since: number) => (count / (performance.now() - since)) * 1000
