import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { StartError } from '../start-error.ts'

const seedSchema = z.strictObject({
  tenants: z.array(
    z.strictObject({
      name: z.string().min(1),
      domains: z.array(z.string().min(1)).min(1),
      accounts: z.array(
        z.strictObject({
          address: z.string().min(3),
          password: z.string().min(1),
          name: z.string().optional(),
          /** Mail files or folders, relative to the seed file. */
          import: z.array(z.string()).default([]),
        }),
      ),
    }),
  ),
})

/** Tenants, accounts and mail that an installation begins with. */
export type Seed = z.infer<typeof seedSchema>

/** Reads a seed file; paths to import come back absolute. Errors: {@link StartError} with the file and the place in it. */
export const readSeed = (file: string): Seed => {
  const parsed = seedSchema.safeParse(parseJson(file))
  if (!parsed.success)
    throw new StartError(`the seed file ${file} can't be used: ${firstIssue(parsed.error)}`)
  return absolutePaths(parsed.data, dirname(resolve(file)))
}

const parseJson = (file: string): unknown => {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new StartError(
      `the seed file ${file} can't be read: ${error instanceof Error ? error.message : error}`,
      {
        cause: error,
      },
    )
  }
}

const firstIssue = (error: z.ZodError) => {
  const [issue] = error.issues
  return issue === undefined
    ? 'it has the wrong form'
    : `${issue.path.join('.') || 'the whole file'}: ${issue.message}`
}

const absolutePaths = (seed: Seed, folder: string): Seed => ({
  tenants: seed.tenants.map((tenant) => ({
    ...tenant,
    accounts: tenant.accounts.map((account) => ({
      ...account,
      import: account.import.map((path) => resolve(folder, path)),
    })),
  })),
})
