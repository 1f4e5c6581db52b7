import { SaxesParser } from 'saxes'

/** An element's text, or its children by name; the same name again is the next in the list. */
export type Element = { readonly text: string; readonly children: ReadonlyMap<string, readonly Element[]> }

type Open = { name: string; text: string; children: Map<string, Element[]> }

/** S3's answers are four deep; a page of 1,000 keys has under 20,000 elements. */
const MAX_DEPTH = 12
const MAX_ELEMENTS = 100_000

const opened = (name: string): Open => ({ name, text: '', children: new Map() })

const add = (parent: Open, { name, text, children }: Open) => {
  const same = parent.children.get(name)
  const element = { text, children }
  if (same) same.push(element)
  else parent.children.set(name, [element])
}

/** Reads an answer of S3. Throws where it is no XML, too deep, too large or declares entities. */
export const parseXml = (bytes: Uint8Array): Element => {
  const top = opened('')
  const path = [top]
  let elements = 0
  const parser = new SaxesParser()
  parser.on('error', (error) => {
    throw error
  })
  parser.on('doctype', () => {
    throw new Error('a document type is not expected')
  })
  parser.on('opentag', ({ name }) => {
    elements += 1
    if (path.length > MAX_DEPTH || elements > MAX_ELEMENTS) throw new Error('too much XML')
    path.push(opened(name))
  })
  parser.on('text', (text) => {
    path.at(-1)!.text += text
  })
  parser.on('closetag', () => {
    const closed = path.pop()!
    add(path.at(-1)!, closed)
  })
  parser.write(Buffer.from(bytes).toString('utf8')).close()
  return { text: top.text, children: top.children }
}

/** The element at the end of a path of names, the first of each. */
export const childAt = (element: Element, ...names: readonly string[]): Element | undefined => {
  let at: Element | undefined = element
  for (const name of names) at = at?.children.get(name)?.[0]
  return at
}

export const textAt = (element: Element, ...names: readonly string[]): string =>
  childAt(element, ...names)?.text ?? ''

export const childrenOf = (element: Element | undefined, name: string): readonly Element[] =>
  element?.children.get(name) ?? []
