import type { Part } from '@relais/proto/mail/v1/message.ts'
import { type Capture, createCapture, previewOfCapture } from './preview.ts'

/** In the order in which they make a good preview. */
type Use = 'plain' | 'html' | 'other' | 'preamble'

const USES: readonly Use[] = ['plain', 'html', 'other', 'preamble']

/** Text of an embedded message, and of a file, is a preview only where the message has no other. */
const useOf = ({ type, filename }: Part, embedded: boolean): Use => {
  if (embedded || filename !== '') return 'other'
  return type === 'text/html' ? 'html' : 'plain'
}

/** The beginnings of those texts of a message that its preview may be made of: the first of each use. */
export class PreviewCaptures {
  readonly #captures = new Map<Use, Capture>()
  #found = ''

  /** For the text of a part that begins; null if it is of no use. */
  begin(part: Part, embedded: boolean): Capture | null {
    const html = part.type === 'text/html'
    if (!(html || part.type === 'text/plain') || part.disposition === 'attachment') return null
    const use = useOf(part, embedded)
    if (this.#captures.has(use) || this.#hasBetterThan(use)) return null
    return this.#add(use, createCapture({ html, charset: part.charset, encoding: part.encoding }))
  }

  /** For what stands before the first delimiter: the text, if no delimiter ever comes. */
  beginPreamble(): Capture {
    return this.#add('preamble', createCapture({ html: false, charset: '', encoding: '7bit' }))
  }

  preview(): string {
    if (this.#found !== '') return this.#found
    for (const use of USES) {
      const preview = this.#previewOf(use)
      if (preview !== '') return preview
    }
    return ''
  }

  #add(use: Use, capture: Capture): Capture {
    this.#captures.set(use, capture)
    return capture
  }

  /** HTML is mostly the other form of a plain text that came before: it needn't be copied. */
  #hasBetterThan(use: Use): boolean {
    if (use === 'html') this.#found ||= this.#previewOf('plain')
    return use === 'html' && this.#found !== ''
  }

  #previewOf(use: Use): string {
    const capture = this.#captures.get(use)
    return capture ? previewOfCapture(capture) : ''
  }
}
