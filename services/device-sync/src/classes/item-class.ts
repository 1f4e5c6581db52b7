import type { Message } from '@relais/proto/mail/v1/mail.ts'

/** Class of a message among mail (MS-ASCMD 2.2.3.27): text messages are kept beside it. */
export const itemClassOf = ({ kind }: Pick<Message, 'kind'>): string => (kind === 'sms' ? 'SMS' : 'Email')
