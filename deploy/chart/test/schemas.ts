import { readFileSync } from 'node:fs'
import { Ajv, type ValidateFunction } from 'ajv'
import type { Rendered } from './helm.ts'

const { kinds, definitions } = JSON.parse(
  readFileSync(new URL('kubernetes-schemas.json', import.meta.url), 'utf8'),
) as { kinds: Readonly<Record<string, object>>; definitions: object }

const ajv = new Ajv({ strict: false, allErrors: true })
const compiled = new Map<string, ValidateFunction>()

const validatorOf = (kind: string): ValidateFunction | undefined => {
  const schema = kinds[kind]
  if (schema === undefined) return undefined
  const found = compiled.get(kind) ?? ajv.compile({ ...schema, definitions })
  compiled.set(kind, found)
  return found
}

/** What Kubernetes' own schema of its kind has against an object. */
export const faultsOf = (object: Rendered): readonly string[] => {
  const kind = `${object.apiVersion}/${object.kind}`
  const validate = validatorOf(kind)
  if (validate === undefined) return [`${kind}: no schema is known`]
  if (validate(object as unknown)) return []
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) =>
      `${kind} ${object.metadata.name}${instancePath}: ${message} ${JSON.stringify(params)}`,
  )
}
