// A thread for tests: opens nothing, answers with what it is asked, fails and dies on request.
import { terminal } from '@relais/service-kit/errors.ts'
import { serve } from './thread-server.ts'

export type EchoCalls = {
  echo: { request: number; answer: number }
  fail: { request: string; answer: undefined }
  refuse: { request: undefined; answer: undefined }
  die: { request: undefined; answer: undefined }
  close: { request: undefined; answer: undefined }
}

serve<EchoCalls>(
  (file) => {
    if (file === 'missing') throw new Error('there is no such file')
    return {
      echo: (number) => number,
      fail: (reason) => {
        throw new Error(reason)
      },
      refuse: () => {
        throw terminal('LOG_FORMAT_NEWER', 'too new')
      },
      die: () => {
        process.exit(1)
      },
      close: () => undefined,
    }
  },
  { echo: 'echo', fail: 'fail', refuse: 'refuse', die: 'die', close: 'close' },
)
