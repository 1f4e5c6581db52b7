/** Far below a commit's 8,192 placements and 1 MiB: one commit is one transaction, and holds the thread for some 20 ms. */
export const MAX_MESSAGES_PER_COMMIT = 500

export const batchesOf = <T>(values: readonly T[], size = MAX_MESSAGES_PER_COMMIT): T[][] =>
  Array.from({ length: Math.ceil(values.length / size) }, (_, n) => values.slice(n * size, (n + 1) * size))
