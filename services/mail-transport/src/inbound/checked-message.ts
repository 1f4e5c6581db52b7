import type { SMTPServerDataStream, SMTPServerSession } from 'smtp-server'
import { MessageCheck } from './message-check.ts'
import { receivedField } from './trace.ts'

export type CheckedMessage = {
  /** The message behind the given header fields; ends in an error where the check refuses it. */
  readonly message: AsyncIterable<Uint8Array>
  /** Runs `use`, or fails with what the check found as soon as it did; the rest of the message is then read and dropped, since its sender listens only after the last byte. */
  run<T>(use: () => Promise<T>): Promise<T>
}

/** What a client sends after DATA, watched while it passes. */
export const checkedMessage = (
  stream: SMTPServerDataStream,
  maxBytes: number,
  header: string,
): CheckedMessage => {
  const check = new MessageCheck(maxBytes)
  const refused = new Promise<never>((_resolve, reject) => check.once('error', reject))
  refused.catch(() => {}) // said by run, to whoever waits there
  check.once('error', () => stream.unpipe(check).resume())
  stream.once('error', (error) => check.destroy(error))
  stream.once('close', () => check.writableEnded || check.destroy(new Error('the connection was cut')))
  stream.pipe(check)
  return {
    message: withHeader(header, check),
    run: (use) => Promise.race([use(), refused]).finally(() => stream.resume()),
  }
}

async function* withHeader(header: string, message: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield Buffer.from(header)
  yield* message
}

export type Reception = { readonly server: string; readonly id: string; readonly at: number }

/** The Received field for what this session sends. */
export const traceOf = (session: SMTPServerSession, { server, id, at }: Reception): string =>
  receivedField({
    helo: session.hostNameAppearsAs || '',
    clientAddress: session.remoteAddress,
    server,
    protocol: session.transmissionType,
    id,
    at,
  })
