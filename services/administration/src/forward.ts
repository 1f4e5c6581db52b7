import {
  type Call,
  type Implementation,
  onward,
  type ServiceClient,
  type ServiceDefinition,
} from '@relais/service-kit'

type Methods = Readonly<Record<string, (request: unknown, options: unknown) => unknown>>

/** A service whose every call, also one of streams, is made at another one: for the same identity, within the same deadline. */
export const forward = <Definition extends ServiceDefinition>(
  definition: Definition,
  client: ServiceClient<Definition>,
): Implementation<Definition> => {
  const methods = client as unknown as Methods
  const calls = Object.keys(definition.methods).map((name) => [
    name,
    (request: unknown, context: Parameters<typeof onward>[0] & Call) =>
      methods[name]?.(request, onward(context)),
  ])
  return Object.fromEntries(calls)
}
