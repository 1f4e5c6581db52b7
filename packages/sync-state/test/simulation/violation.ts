/** A phone saw what no phone may see. */
export class Violation extends Error {}

export const violated = (what: string): never => {
  throw new Violation(what)
}
