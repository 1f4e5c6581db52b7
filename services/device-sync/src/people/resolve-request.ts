import { type PictureOptions, picturesIn } from '../search/search-options.ts'
import { ValueError } from '../wbxml/errors.ts'
import type { WbxmlNode } from '../wbxml/node.ts'
import { child, childrenNamed, intChild, requiredText, textChild, textOf } from '../wbxml/read.ts'
import type { CertificateOptions } from './certificates.ts'
import { mergedFreeBusy } from './free-busy.ts'

/** Who is meant by these names, and what is wanted of them (MS-ASCMD 2.2.1.15). */
export type ResolveRequest = {
  readonly to: readonly string[]
  /** Suggestions where a name may mean several. */
  readonly maxAmbiguous: number
  /** Undefined: none are wanted. */
  readonly certificates: CertificateOptions | undefined
  /** MergedFreeBusy that is answered; undefined: it wasn't asked for. */
  readonly freeBusy: string | undefined
  readonly pictures: PictureOptions | undefined
}

const MAX_TO = 100
const MAX_NAME = 256

/** MS-ASCMD 2.2.3.98: without MaxAmbiguousRecipients. */
const DEFAULT_AMBIGUOUS = 19
const MAX_AMBIGUOUS = 9999

/** CertificateRetrieval: 1 none, 2 whole, 3 mini-certificates (MS-ASCMD 2.2.3.22). */
const RETRIEVALS = { none: 1, full: 2, mini: 3 } as const

/** MS-ASCMD 2.2.3.101. */
const MAX_CERTIFICATES = 9999

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

const certificatesIn = (options: WbxmlNode | undefined): CertificateOptions | undefined => {
  const retrieval = intChild(options, 'resolverecipients:CertificateRetrieval', {
    min: RETRIEVALS.none,
    max: RETRIEVALS.mini,
  })
  const maxCertificates =
    intChild(options, 'resolverecipients:MaxCertificates', { max: MAX_CERTIFICATES }) ?? MAX_CERTIFICATES
  if (retrieval === undefined || retrieval === RETRIEVALS.none) return undefined
  return { retrieval: retrieval === RETRIEVALS.mini ? 'mini' : 'full', maxCertificates }
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
  return {
    to: namesIn(body),
    maxAmbiguous:
      intChild(options, 'resolverecipients:MaxAmbiguousRecipients', { max: MAX_AMBIGUOUS }) ??
      DEFAULT_AMBIGUOUS,
    certificates: certificatesIn(options),
    freeBusy: freeBusyIn(options),
    pictures: picturesIn(options, PICTURE),
  }
}
