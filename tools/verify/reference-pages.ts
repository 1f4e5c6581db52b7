import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { configurationReference } from '@relais/service-kit/configuration/help.ts'
import { errorReference } from '@relais/service-kit/error-table.ts'
import type { Check } from './check.ts'

export type ReferencePage = { readonly path: string; readonly text: string }

const NOTE = '<!-- Made by `npm run reference`: change the source, not this page. -->'

const errors = (): ReferencePage => ({
  path: 'docs/reference/errors.md',
  text: `# Errors

${NOTE}

A call that fails says what happened by a code that doesn't change, a reason for people, and whether the same call may
succeed later. Over gRPC the code travels in the trailer \`relais-error-bin\` (\`relais.common.v1.ErrorDetail\`), beside the
status. Other protocols make answers of their own from it: an EAS status, an SMTP reply.

${errorReference()}`,
})

/** Where the settings of the whole product are; it exports `configurationSchema`. */
const SETTINGS = 'services/standalone/src/configuration.ts'

const settings = async (root: string): Promise<ReferencePage[]> => {
  const path = join(root, SETTINGS)
  if (!existsSync(path)) return []
  const { configurationSchema } = (await import(pathToFileURL(path).href)) as {
    configurationSchema: Parameters<typeof configurationReference>[0]
  }
  const text = `# Configuration

${NOTE}

A setting is given as an option (\`npm start -- --port 0\`), in the environment, or in a JSON file that is named by
\`--config\` or \`RELAIS_CONFIG\`; an option goes before the environment, the environment before the file. In the file a dot
in a setting's name is a level: \`tls.certificate\` is \`{"tls": {"certificate": "…"}}\`. What can't be used ends the start
with one line that names the setting and where it comes from.

${configurationReference(configurationSchema)}`
  return [{ path: 'docs/reference/configuration.md', text }]
}

/** The pages that are made of the product itself. */
export const makeReferencePages = async (root: string): Promise<readonly ReferencePage[]> => [
  errors(),
  ...(await settings(root)),
]

const isCurrent = (root: string, { path, text }: ReferencePage) =>
  existsSync(join(root, path)) && readFileSync(join(root, path), 'utf8') === text

export const referencePages: Check = {
  name: 'reference pages',
  run: async (root) =>
    (await makeReferencePages(root))
      .filter((page) => !isCurrent(root, page))
      .map(({ path }) => `${path} isn't what the product says: npm run reference`),
}
