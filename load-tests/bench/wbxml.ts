import { emailElements } from '@relais/device-sync/classes/email.ts'
import { serverIdOf } from '@relais/device-sync/classes/server-id.ts'
import { RememberedCredentials } from '@relais/device-sync/sign-in/remembered-credentials.ts'
import { SignIn } from '@relais/device-sync/sign-in/sign-in.ts'
import { decodeWbxml } from '@relais/device-sync/wbxml/decode.ts'
import { encodeWbxml } from '@relais/device-sync/wbxml/encode.ts'
import { el, type WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import type { DirectoryClient } from '@relais/proto/directory/v1/directory.ts'
import { Message } from '@relais/proto/mail/v1/mail.ts'
import type { CallExtras } from '@relais/service-kit'
import { type Figure, median } from './figure.ts'

const MESSAGES = 100
const BODY_BYTES = 14 * 1024
const ROUNDS = 5
const ANSWERS = 40
const REQUESTS = 20
const SIGN_INS = 50_000

const TEXT = 'Grüße aus dem Büro, wir sehen uns morgen um neun. <p class="x">Bis dann & bleib gesund!</p>\r\n'

const message = (placement: number): Message =>
  Message.fromPartial({
    placement,
    mailbox: 'inbox',
    envelope: {
      subject: `Re: Lunch on day ${placement}`,
      from: [{ name: 'Ann Bell', address: 'ann@example.org' }],
      to: [{ name: 'Mike', address: 'mike@example.org' }],
      cc: [{ name: '', address: 'team@example.org' }],
      importance: 'normal',
      date: 1_764_000_000_000,
    },
    state: { seen: false, categories: ['Work'] },
    receivedAt: 1_764_000_000_000 + placement,
    conversation: Buffer.alloc(16, placement),
    nativeBody: 'html',
    kind: 'note',
    attachments: [{ part: '2', name: 'plan.pdf', type: 'application/pdf', method: 'normal', size: 50_000 }],
    body: {
      type: 'html',
      estimatedSize: BODY_BYTES,
      data: Buffer.from(TEXT.repeat(BODY_BYTES / TEXT.length), 'utf8'),
      preview: 'Grüße aus dem Büro',
    },
  })

const answerOf = (messages: readonly Message[]): WbxmlNode =>
  el('airsync:Sync', [
    el('airsync:Collections', [
      el('airsync:Collection', [
        el('airsync:SyncKey', 'k'.repeat(64)),
        el('airsync:CollectionId', 'inbox'),
        el('airsync:Status', 1),
        el(
          'airsync:Commands',
          messages.map((one) =>
            el('airsync:Add', [
              el('airsync:ServerId', serverIdOf(one.placement)),
              el('airsync:ApplicationData', emailElements(one, { version: 161 })),
            ]),
          ),
        ),
      ]),
    ]),
  ])

/** A phone's request of about 16 KB: 200 commands, each a flag and a text. */
const request = (): Uint8Array =>
  encodeWbxml(
    el('airsync:Sync', [
      el('airsync:Collections', [
        el('airsync:Collection', [
          el('airsync:SyncKey', 'k'.repeat(64)),
          el('airsync:CollectionId', 'inbox'),
          el(
            'airsync:Commands',
            Array.from({ length: 200 }, (_, n) =>
              el('airsync:Change', [
                el('airsync:ServerId', serverIdOf(n + 1_000_000)),
                el('airsync:ApplicationData', [
                  el('email:Flag', [
                    el('email:Status', 2),
                    el('email:FlagType', 'Flag for follow up, please'),
                  ]),
                  el('email:Read', n % 2),
                ]),
              ]),
            ),
          ),
        ]),
      ]),
    ]),
  )

/** Megabytes a second of something that answers with how many bytes it handled. */
const rate = (work: () => number): number => {
  const started = performance.now()
  let bytes = 0
  for (let n = 0; n < ANSWERS; n += 1) bytes += work()
  return bytes / 1_000 / (performance.now() - started)
}

const rounds = (measure: () => number): number => median(Array.from({ length: ROUNDS }, measure))

const directory = {
  signIn: async () => ({
    account: { tenant: 'acme', account: 'u1', address: 'mike@example.org', aliases: [], epoch: 1 },
    appPassword: '',
    expiresAt: 0,
  }),
} as unknown as DirectoryClient<CallExtras>

/** What every request costs before anything is done for it: one keyed hash. */
const signInsPerSecond = async (): Promise<number> => {
  const signIn = new SignIn({ directory, remembered: new RememberedCredentials({ clock: Date.now }) })
  signIn.following(true)
  const header = `Basic ${Buffer.from('mike@example.org:correct horse battery staple').toString('base64')}`
  await signIn.authenticate(header, () => '192.0.2.1')
  const started = performance.now()
  for (let n = 0; n < SIGN_INS; n += 1) await signIn.authenticate(header, () => '192.0.2.1')
  return (SIGN_INS / (performance.now() - started)) * 1_000
}

/** The codec on a Sync answer of 100 messages of 14 KB, from the mail service's messages to bytes; and remembered sign-ins. */
export const benchWbxml = async (): Promise<Figure[]> => {
  const messages = Array.from({ length: MESSAGES }, (_, n) => message(n + 1))
  const bytes = encodeWbxml(answerOf(messages))
  const encoded = rounds(() => rate(() => encodeWbxml(answerOf(messages)).length))
  const decoded = rounds(() => {
    return rate(() => {
      decodeWbxml(bytes)
      return bytes.length
    })
  })
  const asked = request()
  const read = rounds(() =>
    rate(() => {
      for (let n = 0; n < REQUESTS; n += 1) decodeWbxml(asked)
      return asked.length * REQUESTS
    }),
  )
  const remembered = await signInsPerSecond()
  return [
    { name: 'WBXML: messages to a Sync answer of 100', value: encoded, unit: 'MB/s', atLeast: 80 },
    { name: 'WBXML: the same read again', value: decoded, unit: 'MB/s', atLeast: 80 },
    {
      name: `WBXML: a request of ${Math.round(asked.length / 1024)} KB`,
      value: read,
      unit: 'MB/s',
      atLeast: 80,
    },
    { name: 'sign-ins with a remembered credential', value: remembered, unit: '/s', atLeast: 20_000 },
  ]
}
