export { type MailFile, type Marks, NO_MARKS, type OutgoingMailFile } from './mail-file.ts'
export type { MailWriter } from './maildir.ts'
export { readMailFiles } from './read-mail-files.ts'
export { createMailWriter, MAIL_FORMATS, type MailFormat } from './write-mail-files.ts'
