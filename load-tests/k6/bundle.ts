import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** Writes the script that k6 runs into one file: it has no modules of npm, and nothing of Node. */
export const writeBundle = async (file: string, entry = here('phones.ts')): Promise<void> => {
  await build({
    entryPoints: [entry],
    outfile: file,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    external: ['k6', 'k6/*'],
    inject: [here('shims/globals.ts')],
    alias: {
      'node:buffer': here('shims/buffer.ts'),
      // Of it the codec needs its errors, which need nothing.
      '@relais/service-kit': here('../../packages/service-kit/src/errors.ts'),
    },
    logLevel: 'silent',
  })
}
