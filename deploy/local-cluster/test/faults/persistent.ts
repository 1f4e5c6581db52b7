import { setTimeout as sleep } from 'node:timers/promises'
import type { EasResponse } from '@relais/device-sync/testing/eas-client.ts'
import type { WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import { textChild } from '@relais/device-sync/wbxml/read.ts'
import { Violation } from '../../../../services/standalone/test/phones/shown-folder.ts'
import type { Send } from '../../../../services/standalone/test/phones/simulated-phone.ts'

const AGAIN_MS = 250
/** Longer than every deadline behind it. */
const PATIENCE_MS = 40_000

/**
 * A phone repeats a request, the same one, until it has an answer to it. No answer is: no connection, one that is cut, HTTP 502, 503 or 504,
 * Status 111 (come again). All else counts: a phone that is told 401 would ask for its password.
 */
export const untilAnswered: Send = async (client, { command, body, signal }) => {
  for (;;) {
    const limit = command === 'Ping' ? [] : [AbortSignal.timeout(PATIENCE_MS)]
    const response = await client
      .post(command, body, { signal: AbortSignal.any([...limit, ...(signal ? [signal] : [])]) })
      .catch((error: unknown) => missed(error))
    if (response !== undefined && isAnswer(response)) return response
    signal?.throwIfAborted()
    await sleep(AGAIN_MS)
  }
}

const missed = (error: unknown): undefined => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const name = error instanceof Error ? error.name : ''
  const cut = error instanceof Error && error.message === 'the answer was cut off'
  if (cut || name === 'AbortError' || name === 'TimeoutError' || /^(E[A-Z]+|ABORT_ERR|HPE_.*)$/.test(code))
    return undefined
  throw error
}

const isAnswer = ({ status, root }: EasResponse): boolean =>
  ![502, 503, 504].includes(status) && (root === undefined || statusOf(root) !== '111')

/** Of the command as a whole. */
const statusOf = (root: WbxmlNode): string | undefined =>
  textChild(root, `${root.tag.split(':')[0]}:Status` as WbxmlNode['tag'])

/** Repeats a call until it is answered; `again`: it may have been done before, so this error means that it was. */
export const untilDone = async (call: () => Promise<unknown>, doneBefore?: string): Promise<void> => {
  for (let attempts = 0; ; attempts++) {
    try {
      await call()
      return
    } catch (error) {
      const { code, retryable } = error as { code?: string; retryable?: boolean }
      if (attempts > 0 && code !== undefined && code === doneBefore) return
      if (retryable !== true) throw new Violation(`an administrator was told ${code}: ${error}`)
      await sleep(AGAIN_MS)
    }
  }
}
