import type { Entry } from './tar.ts'

/** A workspace of the product, from its committed package.json. */
export type Workspace = {
  /** `services/mail` */
  readonly folder: string
  readonly name: string
  readonly dependencies: readonly string[]
}

const manifestOf = (file: Entry): Workspace | undefined => {
  const folder = /^((?:packages|services|deploy)\/[^/]+)\/package\.json$/.exec(file.path)?.[1]
  if (folder === undefined || file.kind !== 'file') return undefined
  const { name, dependencies = {} } = JSON.parse(Buffer.from(file.bytes).toString()) as {
    name: string
    dependencies?: Record<string, string>
  }
  return { folder, name, dependencies: Object.keys(dependencies) }
}

/** The workspaces of these folders and all that they depend on when they run. Errors: a folder that is none. */
export const workspacesFor = (files: readonly Entry[], folders: readonly string[]): readonly Workspace[] => {
  const all = files.map(manifestOf).filter((found) => found !== undefined)
  const byName = new Map(all.map((workspace) => [workspace.name, workspace]))
  const reached = new Map<string, Workspace>()
  const reach = (workspace: Workspace) => {
    if (reached.has(workspace.folder)) return
    reached.set(workspace.folder, workspace)
    for (const dependency of workspace.dependencies) {
      const next = byName.get(dependency)
      if (next) reach(next)
    }
  }
  for (const folder of folders) {
    const found = all.find((workspace) => workspace.folder === folder)
    if (!found) throw new Error(`there is no workspace ${folder}`)
    reach(found)
  }
  return [...reached.values()].sort((one, other) => (one.folder < other.folder ? -1 : 1))
}

const NOT_SHIPPED = /\.(test|fixture|fixtures)\.ts$|\.md$|\/tsconfig[^/]*\.json$/

/** What of a workspace runs for users: its manifest and its sources, without tests. */
export const shippedFiles = (files: readonly Entry[], workspaces: readonly Workspace[]): readonly Entry[] => {
  const roots = workspaces.flatMap(({ folder }) => [`${folder}/src/`, `${folder}/package.json`])
  return files.filter(
    (file) => roots.some((root) => file.path.startsWith(root)) && !NOT_SHIPPED.test(file.path),
  )
}
