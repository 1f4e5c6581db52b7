/** ServerId of a message: its placement in base 36, so at most 11 characters, never used again and the same on every device. */
export const serverIdOf = (placement: number): string => placement.toString(36)

const PLACEMENT = /^[1-9a-z][0-9a-z]{0,10}$/

/** Placement that a ServerId names; undefined: it never was one of ours. */
export const placementOf = (serverId: string): number | undefined => {
  if (!PLACEMENT.test(serverId)) return undefined
  const placement = Number.parseInt(serverId, 36)
  return Number.isSafeInteger(placement) ? placement : undefined
}

/** An attachment: its message, and its part by number or, of a draft, `cid:` and its Content-ID. */
export type FileReference = { readonly placement: number; readonly part: string }

/** FileReference of an attachment: its message and its part. */
export const fileReferenceOf = ({ placement, part }: FileReference): string =>
  `${serverIdOf(placement)}:${part}`

const PART = /^(?:\d{1,5}(?:\.\d{1,5}){0,63}|cid:[!-~]{1,200})$/

/** Numbers of a draft's parts change when it is edited; what it calls them stays. Undefined: it has no name that a reference can hold. */
export const namedPart = (contentId: string): string | undefined =>
  PART.test(`cid:${contentId}`) ? `cid:${contentId}` : undefined

/** Undefined: it never was one of ours. */
export const parseFileReference = (reference: string): FileReference | undefined => {
  const colon = reference.indexOf(':')
  const placement = placementOf(reference.slice(0, Math.max(0, colon)))
  const part = reference.slice(colon + 1)
  return placement !== undefined && PART.test(part) ? { placement, part } : undefined
}
