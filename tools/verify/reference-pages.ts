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

/** Services that have a process of their own; each exports `settings`. */
const PODS = ['directory', 'mail', 'mail-transport', 'device-sync', 'administration']

type SettingsModule = { readonly settings: Parameters<typeof configurationReference>[0] }

const podSection = async (root: string, service: string): Promise<string> => {
  const path = join(root, 'services', service, 'src', 'settings.ts')
  const { settings } = (await import(pathToFileURL(path).href)) as SettingsModule
  return `## ${service}\n\n${configurationReference(settings)}`
}

const pods = async (root: string): Promise<ReferencePage[]> => {
  const services = PODS.filter((service) => existsSync(join(root, 'services', service, 'src', 'settings.ts')))
  if (services.length === 0) return []
  const sections = await Promise.all(services.map((service) => podSection(root, service)))
  const text = `# Settings of each service's process

${NOTE}

Where every service is a process of its own ([guide](../guides/from-one-process-to-many.md)), each is told by options, variables or a JSON
file what [one process](configuration.md) is told in one place.

${sections.join('\n')}`
  return [{ path: 'docs/reference/pods.md', text }]
}

/** The administrator's program; it exports `createProgram`. */
const COMMANDS = 'services/cli/src/program.ts'

type HelpfulCommand = {
  readonly commands: readonly HelpfulCommand[]
  name(): string
  usage(): string
  description(): string
}

const commandLine = async (root: string): Promise<ReferencePage[]> => {
  const path = join(root, COMMANDS)
  if (!existsSync(path)) return []
  const { createProgram } = (await import(pathToFileURL(path).href)) as {
    createProgram: (surroundings: object, defaults: object) => HelpfulCommand
  }
  const text = `# Command line

${NOTE}

\`./relais\` administers an installation over its gRPC API. On the machine where Relais runs, \`--data FOLDER\` finds it; elsewhere
give \`--server URL\`, \`--token TOKEN\` and, for a generated certificate, \`--ca FILE\` (or RELAIS_SERVER, RELAIS_TOKEN, RELAIS_CA).
\`--json\` answers with one JSON document for scripts. It ends with 0, with 1 where the installation refused or failed, and with 2
where the call can't be understood. \`./relais COMMAND --help\` says more.

| command | what it does |
| --- | --- |
${commandRows(createProgram({}, { data: 'data' }), []).join('\n')}
`
  return [{ path: 'docs/reference/command-line.md', text }]
}

const commandRows = (command: HelpfulCommand, above: readonly string[]): string[] =>
  command.commands.flatMap((one) => {
    const path = [...above, one.name()]
    return one.commands.length > 0 ? commandRows(one, path) : [commandRow(one, path)]
  })

const commandRow = (command: HelpfulCommand, path: readonly string[]) =>
  `| \`${[...path, command.usage()].join(' ').replaceAll('|', '\\|')}\` | ${command.description().replaceAll('|', '\\|')} |`

/** What phones may ask; it exports `requestsReference`. */
const REQUESTS = 'services/device-sync/src/requests/requests-reference.ts'

const requests = async (root: string): Promise<ReferencePage[]> => {
  const path = join(root, REQUESTS)
  if (!existsSync(path)) return []
  const { requestsReference } = (await import(pathToFileURL(path).href)) as {
    requestsReference: () => string
  }
  const text = `# What phones may ask: Exchange ActiveSync by command, version and element

${NOTE}

Every command, in every version of the protocol that is served, and every element of its requests. *read*: it does what the
specification says, *ignored*: it is taken away before the command sees it, as the specification allows, *refused*: with that
status, –: the version has no such element, so it means nothing there. A command that a version doesn't have, or that isn't served,
is answered by HTTP 501, from 14.0 on by Status 137 where its answer can be a Status alone. Elements of items (in
\`ApplicationData\`) are those of their class. Answers have only what their version has.

${requestsReference()}`
  return [{ path: 'docs/reference/activesync.md', text }]
}

/** What is made of the chart's values; it exports `chartFiles`. */
const CHART = 'deploy/chart/src/chart-files.ts'

const chart = async (root: string): Promise<readonly ReferencePage[]> => {
  const path = join(root, CHART)
  if (!existsSync(path)) return []
  const { chartFiles } = (await import(pathToFileURL(path).href)) as {
    chartFiles: () => readonly ReferencePage[]
  }
  return chartFiles()
}

/** What the load tests say of themselves; it exports `LOAD_HELP` and `SIMULATE_HELP`. */
const LOAD_TESTS = 'load-tests/load/help.ts'

const loadTests = async (root: string): Promise<ReferencePage[]> => {
  const path = join(root, LOAD_TESTS)
  if (!existsSync(path)) return []
  const { LOAD_HELP, SIMULATE_HELP } = (await import(pathToFileURL(path).href)) as {
    LOAD_HELP: string
    SIMULATE_HELP: string
  }
  const text = `# Load tests

${NOTE}

Phones by the thousand against an installation of one's own: [how](../guides/load-test-your-installation.md).

## Scenarios

\`\`\`
${LOAD_HELP}\`\`\`

## Phones as one likes

\`\`\`
${SIMULATE_HELP}\`\`\`
`
  return [{ path: 'docs/reference/load-tests.md', text }]
}

/** The pages that are made of the product itself. */
export const makeReferencePages = async (root: string): Promise<readonly ReferencePage[]> => [
  errors(),
  ...(await settings(root)),
  ...(await pods(root)),
  ...(await commandLine(root)),
  ...(await requests(root)),
  ...(await chart(root)),
  ...(await loadTests(root)),
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
