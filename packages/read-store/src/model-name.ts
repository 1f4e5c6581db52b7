import { schemaInvalid } from './errors.ts'

const NAME = /^[a-z][a-z0-9-]{0,63}$/

/** Names of read models, stores and units stand in names of files and schemas. Errors: SCHEMA_INVALID. */
export const checkedModelName = (name: string): string => {
  if (!NAME.test(name)) throw schemaInvalid(`not a name for a read model: ${name}`)
  return name
}
