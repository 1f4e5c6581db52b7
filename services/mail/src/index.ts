export { createMail, type MailDeps, type MailService, type StoreDefinition } from './service.ts'
