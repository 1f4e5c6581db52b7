/** One thing that must hold of the whole repository. */
export type Check = {
  readonly name: string
  /** What is wrong, for people to read; nothing: all is well. */
  run(root: string): Promise<readonly string[]>
}

export type Verdict = { readonly name: string; readonly ms: number; readonly problems: readonly string[] }

/** Runs a check; one that breaks down hasn't passed. */
export const judge = async (check: Check, root: string): Promise<Verdict> => {
  const started = performance.now()
  const problems = await check.run(root).catch((error: Error) => [error.stack ?? error.message])
  return { name: check.name, ms: performance.now() - started, problems }
}

/** One line per check, and under it what is wrong. */
export const verdictText = ({ name, ms, problems }: Verdict): string =>
  [
    `${problems.length === 0 ? '✔' : '✖'} ${name} (${(ms / 1000).toFixed(1)} s)`,
    ...problems.map((problem) => problem.trimEnd().replaceAll(/^(?=.)/gm, '    ')),
  ].join('\n')
