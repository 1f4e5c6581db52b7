import { enableCompileCache } from 'node:module'

// Types are removed and code is compiled once for all starts: more than half of the time to the first answer otherwise.
enableCompileCache()
const { run } = await import('./run.ts')
await run(process)
