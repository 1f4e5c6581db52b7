import type { Part } from '@relais/proto/mail/v1/message.ts'
import { Boundaries } from './boundaries.ts'
import { type EntityReading, embeddedSubject, newPart, readEntityHeader } from './entity.ts'
import type { Field } from './header-block.ts'
import { KeptText } from './kept-text.ts'
import type { MimeLimits } from './limits.ts'
import type { Anomaly } from './parsed-message.ts'
import type { Capture } from './preview.ts'
import { PreviewCaptures } from './preview-captures.ts'
import type { TextBudget } from './text-budget.ts'
import { sizerOf, type TransferSizer } from './transfer.ts'

/** Where an entity stands: decides its number, its default type, and whether its text is the message's own. */
export type Place = {
  readonly leafId: string
  readonly multipartId: string
  readonly childPrefix: string
  readonly defaultType: string
  readonly siblings: Part[]
  /** The message/rfc822 part whose content it is inside of, directly. */
  readonly message: Part | null
  readonly embedded: boolean
}

/** A multipart or an embedded message whose body is being read. */
export type Frame = {
  readonly part: Part
  readonly place: Place
  readonly boundary: string | null
  readonly firstLine: number
  open: boolean
}

/** What takes the bytes of the body being read. `part` is null for those that belong to none. */
type Leaf = {
  readonly part: Part | null
  readonly firstLine: number
  readonly sizer: TransferSizer | null
  readonly capture: Capture | null
  readonly kept: KeptText | null
}

export type BeginningBody = {
  readonly place: Place
  readonly fields: readonly Field[]
  readonly headerStart: number
  readonly bodyStart: number
  /** Number of the body's first line in the message. */
  readonly firstLine: number
  /** Character set for 8-bit text in the header. */
  readonly hint: string
}

/** Where bodies end: offset, and number of line feeds before it. */
export type BodyEnd = { readonly offset: number; readonly line: number }

export type TreeOptions = { readonly limits: MimeLimits; readonly keptText: number }

const NOWHERE: Leaf = { part: null, firstLine: 0, sizer: null, capture: null, kept: null }

const isMessage = (type: string): boolean => type === 'message/rfc822' || type === 'message/global'

const isIdentity = (encoding: string): boolean => encoding !== 'base64' && encoding !== 'quoted-printable'

/** Texts that a search looks through; those of embedded messages are their own. */
const isKept = ({ type, disposition }: Part, { embedded }: Place): boolean =>
  type.startsWith('text/') && disposition !== 'attachment' && !embedded

/** Builds the tree of parts while a message is read from its first byte to its last. */
export class PartTree {
  readonly anomalies = new Set<Anomaly>()
  readonly boundaries = new Boundaries<Frame>()
  readonly kept: KeptText
  readonly captures = new PreviewCaptures()
  readonly #limits: MimeLimits
  readonly #budget: TextBudget
  readonly #roots: Part[] = []
  readonly #frames: Frame[] = []
  #count = 0
  leaf: Leaf = NOWHERE

  constructor({ limits, keptText }: TreeOptions, budget: TextBudget) {
    this.#limits = limits
    this.kept = new KeptText(keptText)
    this.#budget = budget
  }

  /** The message itself. */
  get root(): Part {
    return this.#roots[0] as Part
  }

  rootPlace(): Place {
    return this.#place({ leafId: '1', multipartId: '', childPrefix: '', siblings: this.#roots })
  }

  #place(place: Pick<Place, 'leafId' | 'multipartId' | 'childPrefix' | 'siblings'> & Partial<Place>): Place {
    return { defaultType: 'text/plain', message: null, embedded: false, ...place }
  }

  /** After a delimiter: the next part of its multipart; null if the message has too many. */
  nextPlace({ part, place }: Frame): Place | null {
    if (this.#count >= this.#limits.parts) {
      this.anomalies.add('too-many-parts')
      return null
    }
    const id = `${place.childPrefix}${part.parts.length + 1}`
    const defaultType = part.type === 'multipart/digest' ? 'message/rfc822' : 'text/plain'
    return this.#place({
      leafId: id,
      multipartId: id,
      childPrefix: `${id}.`,
      siblings: part.parts,
      defaultType,
      embedded: place.embedded,
    })
  }

  /** An entity's header has been read. Returns the place of the message inside, if its body is one. */
  begin(body: BeginningBody): Place | null {
    this.#count++
    const reading: EntityReading = {
      fields: body.fields,
      defaultType: body.place.defaultType,
      budget: this.#budget,
      hint: body.hint,
    }
    const header = readEntityHeader(reading)
    const part: Part = {
      ...newPart(body.headerStart, header),
      id: body.place.leafId,
      bodyStart: body.bodyStart,
      bodyEnd: body.bodyStart,
    }
    if (body.place.message) body.place.message.subject = embeddedSubject(reading)
    body.place.siblings.push(part)
    if (part.type.startsWith('multipart/')) return this.#beginMultipart(part, header.boundary, body)
    if (isMessage(part.type) && isIdentity(part.encoding)) return this.#beginMessage(part, body)
    this.#beginLeaf(part, body)
    return null
  }

  #beginMultipart(part: Part, boundary: string, body: BeginningBody): null {
    // RFC 2045 §6.4: a multipart has no encoding of its own.
    if (!isIdentity(part.encoding)) part.encoding = '8bit'
    if (boundary === '' || this.#isTooDeep()) {
      if (boundary === '') this.anomalies.add('boundary-missing')
      part.type = boundary === '' ? 'text/plain' : 'application/octet-stream'
      this.#beginLeaf(part, body)
      return null
    }
    part.id = body.place.multipartId
    const frame = this.#push(part, boundary, body)
    this.boundaries.open(boundary, frame)
    this.#beginPreamble(body)
    return null
  }

  /** Shown as the text if no delimiter ever comes. */
  #beginPreamble({ place, firstLine }: BeginningBody): void {
    const isRoot = place.multipartId === ''
    this.leaf = isRoot
      ? {
          ...NOWHERE,
          firstLine,
          capture: this.captures.beginPreamble(),
        }
      : NOWHERE
  }

  #beginMessage(part: Part, body: BeginningBody): Place | null {
    if (this.#isTooDeep() || this.#count >= this.#limits.parts) {
      this.#beginLeaf(part, body)
      return null
    }
    this.#push(part, null, body)
    this.leaf = NOWHERE
    const { id } = part
    return this.#place({
      leafId: `${id}.1`,
      multipartId: `${id}.TEXT`,
      childPrefix: `${id}.`,
      siblings: part.parts,
      message: part,
      embedded: true,
    })
  }

  #isTooDeep(): boolean {
    const tooDeep = this.#frames.length >= this.#limits.depth
    if (tooDeep) this.anomalies.add('nested-too-deep')
    return tooDeep
  }

  #push(part: Part, boundary: string | null, { place, firstLine }: BeginningBody): Frame {
    const frame = { part, place, boundary, firstLine, open: true }
    this.#frames.push(frame)
    return frame
  }

  #beginLeaf(part: Part, { place, firstLine }: BeginningBody): void {
    const kept = isKept(part, place) ? this.kept : null
    kept?.begin(part.bodyStart)
    this.leaf = {
      part,
      firstLine,
      sizer: sizerOf(part.encoding),
      capture: this.captures.begin(part, place.embedded),
      kept,
    }
  }

  /** A delimiter of `owner`, or the end of the message (null): everything inside ends. */
  endInside(owner: Frame | null, end: BodyEnd): void {
    let offset = this.#endLeaf(end)
    for (let frame = this.#frames.at(-1); frame && frame !== owner; frame = this.#frames.at(-1)) {
      this.#frames.pop()
      offset = this.#endFrame(frame, { offset: Math.max(offset, end.offset), line: end.line })
    }
  }

  #endLeaf(end: BodyEnd): number {
    const { part, firstLine, sizer } = this.leaf
    this.leaf = NOWHERE
    if (!part) return end.offset
    part.bodyEnd = Math.max(part.bodyStart, end.offset)
    part.lines = Math.max(0, end.line - firstLine)
    part.decodedSize = sizer ? sizer.end() : part.bodyEnd - part.bodyStart
    return part.bodyEnd
  }

  #endFrame(frame: Frame, end: BodyEnd): number {
    const { part, firstLine } = frame
    part.bodyEnd = Math.max(part.bodyStart, end.offset)
    part.lines = Math.max(0, end.line - firstLine)
    part.decodedSize = part.bodyEnd - part.bodyStart
    if (frame.boundary !== null) this.#endMultipart(frame, frame.boundary)
    return part.bodyEnd
  }

  #endMultipart(frame: Frame, boundary: string): void {
    if (frame.open) this.boundaries.close(boundary, frame)
    if (frame.part.parts.length > 0) return
    this.anomalies.add('delimiter-missing')
    frame.part.type = 'text/plain'
    frame.part.id = frame.place.leafId
    frame.part.parameters = {}
  }

  /** A closing delimiter: what follows up to the next one belongs to no part. */
  closeMultipart(frame: Frame): void {
    frame.open = false
    this.boundaries.close(frame.boundary as string, frame)
  }

  /** The end of the message. */
  endAll(end: BodyEnd): void {
    if (!this.boundaries.isEmpty) this.anomalies.add('truncated')
    this.endInside(null, end)
  }
}
