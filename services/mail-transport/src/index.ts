export type { MailServer, ServerTls } from './inbound/server.ts'
export type { SmarthostOptions } from './outbound/smarthost.ts'
export { smarthostOf } from './outbound/smarthost-url.ts'
export {
  createMailTransport,
  type ListenerOptions,
  type MailTransport,
  type MailTransportDeps,
} from './service.ts'
