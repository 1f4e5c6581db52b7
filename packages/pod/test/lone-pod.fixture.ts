import { retryable, terminal } from '@relais/service-kit'
import { z } from 'zod'
import { podSettings, runPod } from '../src/index.ts'
import { opened } from './test-pod.ts'

/** A pod that needs nothing, waits for ever, or can't be. */
await runPod(process, {
  name: 'lone',
  summary: 'A pod for tests.',
  schema: podSettings.extend({ mood: z.enum(['good', 'waiting', 'hopeless']).default('good') }),
  open: async (pod, { mood }) => {
    if (mood === 'hopeless') throw terminal('LOG_SERVER_UNFIT', 'the server is too old\nand more')
    if (mood === 'waiting')
      await pod.untilThere('the log', async () => {
        throw retryable('LOG_UNAVAILABLE', 'connection refused')
      })
    return opened()
  },
})
