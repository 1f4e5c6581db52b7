import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { pinnedProgram } from '@relais/servers'
import { parseAllDocuments } from 'yaml'

const run = promisify(execFile)

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const CHART = join(ROOT, 'charts/relais')
export const EXAMPLES = ['shared', 'regional', 'local'] as const
export const exampleFile = (name: string): string => join(CHART, 'examples', `${name}.yaml`)

/** A rendered object, as far as tests look into it. */
export type Rendered = {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly labels?: Record<string, string>
    readonly annotations?: Record<string, string>
  }
  // biome-ignore lint/suspicious/noExplicitAny: what Kubernetes' schemas say of it is another test's business.
  readonly [key: string]: any
}

/** Of a hook: Go builds Helm once on a machine, which takes minutes. */
export const PATIENCE = { timeout: 15 * 60_000 } as const

/** What stands between a machine and these tests; undefined: nothing. */
export const whyNoHelm = async (): Promise<string | undefined> => {
  try {
    await pinnedProgram('helm')
    return undefined
  } catch (error) {
    return `helm can't be had: ${(error as Error).message.split('\n')[0]}`
  }
}

export type Order = { readonly example?: string; readonly values?: Readonly<Record<string, unknown>> }

/** What Helm makes of the chart, as text. Errors: what it refuses, in its words. */
export const renderText = async ({ example, values = {} }: Order): Promise<string> => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-chart-'))
  const file = join(folder, 'values.yaml')
  writeFileSync(file, JSON.stringify(values))
  const given = [...(example === undefined ? [] : ['--values', exampleFile(example)]), '--values', file]
  try {
    const args = ['template', 'relais', CHART, '--namespace', 'mail', ...given]
    const { stdout } = await run(await pinnedProgram('helm'), args, {
      env: { PATH: process.env.PATH, HOME: folder },
      maxBuffer: 64 * 2 ** 20,
    })
    return stdout
  } catch (error) {
    throw new Error((error as { stderr?: string }).stderr ?? String(error))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export const objectsOf = (text: string): readonly Rendered[] =>
  parseAllDocuments(text).flatMap((document) => {
    if (document.errors[0]) throw document.errors[0]
    const object = document.toJS() as Rendered | null
    return object === null ? [] : [object]
  })

export const render = async (order: Order): Promise<readonly Rendered[]> => objectsOf(await renderText(order))

export const podsOf = (objects: readonly Rendered[]): readonly Rendered[] =>
  objects.filter(({ kind }) => kind === 'Deployment')
