import { request } from 'node:http'
import { encodeWbxml } from '@relais/device-sync/wbxml/encode.ts'
import { el } from '@relais/device-sync/wbxml/node.ts'
import { type Figure, median } from '../figure.ts'
import { type Installation, loadAccounts, startInstallation } from '../installation.ts'
import { budgetOf, type Target } from '../target.ts'

const BYTES = 25_000_000
const ROUNDS = 7

/** SendMail with an attachment of 25 MB, kept in Sent Items: from the request's first byte to its answer, when it is durable. */
export const benchSendLarge = async (target: Target): Promise<Figure[]> => {
  const installation = await startInstallation({ target, accounts: loadAccounts(2) })
  try {
    const times: number[] = []
    const before = installation.memory().peak
    for (let round = 0; round <= ROUNDS; round++) times.push(await sendOne(installation, round))
    return [
      {
        ...{ name: 'SendMail with 25 MB, accepted durably', value: median(times.slice(1)), unit: 'ms' },
        ...budgetOf(target, { standalone: { atMost: 1500 } }),
      },
      {
        ...{ name: 'the slowest of them', value: Math.max(...times.slice(1)), unit: 'ms' },
      },
      {
        ...{ name: 'resident memory while sending 25 MB', value: installation.memory().peak, unit: 'MiB' },
        ...budgetOf(target, { standalone: { atMost: 400 } }),
      },
      { name: 'of it before', value: before, unit: 'MiB' },
    ]
  } finally {
    await installation.kill()
  }
}

const largeMessage = (round: number): Buffer => {
  const line = `${Buffer.from(`round ${round} `.padEnd(57, 'x')).toString('base64')}\r\n`
  const header = [
    'From: u0@load.example',
    'To: u1@load.example',
    `Subject: large ${round}`,
    `Message-ID: <large.${round}@load.example>`,
    'MIME-Version: 1.0',
    'Content-Type: application/octet-stream; name=large.bin',
    'Content-Disposition: attachment; filename=large.bin',
    'Content-Transfer-Encoding: base64',
  ]
  return Buffer.from(`${header.join('\r\n')}\r\n\r\n${line.repeat(Math.floor(BYTES / line.length))}`)
}

const sendOne = async ({ eas }: Installation, round: number): Promise<number> => {
  const body = encodeWbxml(
    el('composemail:SendMail', [
      el('composemail:ClientId', `large-${round}`),
      el('composemail:SaveInSentItems'),
      el('composemail:Mime', largeMessage(round)),
    ]),
  )
  const startedAt = performance.now()
  const answer = await post(eas, body)
  if (answer.status !== 200 || answer.length !== 0) throw new Error(`SendMail ended with ${answer.status}`)
  return performance.now() - startedAt
}

const QUERY = 'Cmd=SendMail&User=u0@load.example&DeviceId=LARGE1&DeviceType=iPhone'

const post = ({ host, port }: Installation['eas'], body: Uint8Array) =>
  new Promise<{ status: number; length: number }>((resolve, reject) => {
    const credentials = Buffer.from('u0@load.example:load-password').toString('base64')
    const headers = {
      Authorization: `Basic ${credentials}`,
      'Content-Type': 'application/vnd.ms-sync.wbxml',
      'Content-Length': body.length,
      'MS-ASProtocolVersion': '16.1',
    }
    const path = `/Microsoft-Server-ActiveSync?${QUERY}`
    const sent = request({ host, port, path, method: 'POST', headers }, (response) => {
      let length = 0
      response.on('data', (chunk: Buffer) => {
        length += chunk.length
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, length }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
