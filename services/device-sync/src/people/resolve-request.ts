import { type PictureOptions, picturesIn } from '../search/search-options.ts'
import { ValueError } from '../wbxml/errors.ts'
import type { WbxmlNode } from '../wbxml/node.ts'
import { child, childrenNamed, intChild, requiredText, textChild, textOf } from '../wbxml/read.ts'
import { mergedFreeBusy } from './free-busy.ts'

/** Who is meant by these names, and what is wanted of them (MS-ASCMD 2.2.1.15). */
export type ResolveRequest = {
  readonly to: readonly string[]
  /** Suggestions where a name may mean several. */
  readonly maxAmbiguous: number
  readonly certificates: boolean
  /** MergedFreeBusy that is answered; undefined: it wasn't asked for. */
  readonly freeBusy: string | undefined
  readonly pictures: PictureOptions | undefined
}

const MAX_TO = 100
const MAX_NAME = 256

/** MS-ASCMD 2.2.3.98: without MaxAmbiguousRecipients. */
const DEFAULT_AMBIGUOUS = 19
const MAX_AMBIGUOUS = 9999

/** CertificateRetrieval: 1 none, 2 whole, 3 the certificates' outlines. */
const NO_CERTIFICATES = 1
const OUTLINES = 3

const namesIn = (body: WbxmlNode): readonly string[] => {
  const nodes = childrenNamed(body, 'resolverecipients:To')
  if (nodes.length === 0) throw new ValueError('resolverecipients:To', 'is missing')
  if (nodes.length > MAX_TO)
    throw new ValueError('resolverecipients:To', `is there more than ${MAX_TO} times`)
  return nodes.map((node) => textOf(node, MAX_NAME))
}

const freeBusyIn = (options: WbxmlNode | undefined): string | undefined => {
  const availability = child(options, 'resolverecipients:Availability')
  if (!availability) return undefined
  const start = requiredText(availability, 'resolverecipients:StartTime', { max: 40 })
  const end = textChild(availability, 'resolverecipients:EndTime', { max: 40 })
  const digits = mergedFreeBusy(start, end)
  if (digits === undefined) throw new ValueError('resolverecipients:Availability', 'is no span of time')
  return digits
}

const PICTURE = {
  picture: 'resolverecipients:Picture',
  maxSize: 'resolverecipients:MaxSize',
  maxPictures: 'resolverecipients:MaxPictures',
} as const

/** Errors: INVALID_VALUE. */
export const readResolve = (body: WbxmlNode | undefined): ResolveRequest => {
  if (!body) throw new ValueError('resolverecipients:ResolveRecipients', 'is missing')
  const options = child(body, 'resolverecipients:Options')
  const retrieval = intChild(options, 'resolverecipients:CertificateRetrieval', {
    min: NO_CERTIFICATES,
    max: OUTLINES,
  })
  intChild(options, 'resolverecipients:MaxCertificates', { max: 9999 })
  return {
    to: namesIn(body),
    maxAmbiguous:
      intChild(options, 'resolverecipients:MaxAmbiguousRecipients', { max: MAX_AMBIGUOUS }) ??
      DEFAULT_AMBIGUOUS,
    certificates: (retrieval ?? NO_CERTIFICATES) !== NO_CERTIFICATES,
    freeBusy: freeBusyIn(options),
    pictures: picturesIn(options, PICTURE),
  }
}
