import {
  createLocalClient,
  type Implementation,
  type ServiceClient,
  type ServiceDefinition,
  terminal,
} from '@relais/service-kit'

/** A client of an implementation that has only the methods a test needs; the others refuse. */
export const doubleClient = <Definition extends ServiceDefinition>(
  definition: Definition,
  methods: Readonly<Record<string, unknown>>,
): ServiceClient<Definition> => {
  const missing = () => {
    throw terminal('UNIMPLEMENTED', "the test didn't expect this call")
  }
  const implementation = Object.fromEntries(
    Object.keys(definition.methods).map((name) => [name, methods[name] ?? missing]),
  )
  return createLocalClient(definition, implementation as unknown as Implementation<Definition>)
}
