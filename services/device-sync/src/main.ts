import { enableCompileCache } from 'node:module'

// Types are removed and code is compiled once for all starts: it takes half the time and 25 MiB less memory.
enableCompileCache()
const { run } = await import('./pod.ts')
await run(process)
