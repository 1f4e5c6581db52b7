import { parentPort, workerData } from 'node:worker_threads'
import { faultOf } from './faults.ts'
import type { AnswerMessage, CallMessage, Calls } from './thread.ts'

export type Served<C extends Calls> = {
  [Name in keyof C]: (request: C[Name]['request']) => C[Name]['answer']
}

/**
 * The far side of a {@link Thread}: opens the file, says so, then answers calls in order.
 * `doing` says for errors what the log can't do when a call fails.
 */
export const serve = <C extends Calls>(
  open: (file: string) => Served<C>,
  doing: Record<keyof C, string>,
): void => {
  const { file } = workerData as { file: string }
  let served: Served<C> | undefined
  const answer = (message: AnswerMessage) => parentPort!.postMessage(message)
  try {
    served = open(file)
    answer({ answer: undefined })
  } catch (error) {
    answer({ fault: faultOf(error, `open ${file}`) })
  }
  parentPort!.on('message', ({ name, request }: CallMessage) => {
    try {
      answer({ answer: served![name]!(request) })
    } catch (error) {
      answer({ fault: faultOf(error, doing[name]!) })
    }
  })
}
