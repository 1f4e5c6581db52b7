import { hashed, scrubbed } from '../logging/redaction.ts'

/** What a span may say: a closed list, as for the log. Never here: addresses, subjects, content, names of people or mailboxes. */
export type SpanAttribute =
  | 'rpc.system'
  | 'rpc.service'
  | 'rpc.method'
  | 'relais.code'
  | 'relais.command'
  | 'relais.status'
  | 'relais.tenant'
  | 'relais.service'
  | 'relais.position'
  | 'relais.events'
  | 'relais.protocol'
  | 'relais.recipients'
  | 'relais.failed'
  | 'relais.attempt'
  | 'relais.client_hash'
  | 'relais.account_hash'
  | 'relais.device_hash'

export type SpanAttributes = { readonly [Name in SpanAttribute]?: string | number | boolean }

const MAX_TEXT = 120

const isHash = (name: string) => name.endsWith('_hash')

const safe = (name: string, value: string | number | boolean): string | number | boolean => {
  if (typeof value !== 'string') return value
  return isHash(name) ? hashed(value) : scrubbed(value.slice(0, MAX_TEXT))
}

/** As they are recorded: what is called a hash is made one here, keyed by the process; texts are cut and freed of addresses. */
export const recorded = (attributes: SpanAttributes): Record<string, string | number | boolean> =>
  Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, safe(name, value)]))
