import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import type { Check } from './check.ts'
import { readFiles, type SourceFile } from './source-files.ts'

const LINK = /\[(?:[^\][]|\[[^\]]*\])*\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g
const FENCE = /^(```|~~~)[\s\S]*?^\1/gm
const CODE = /`[^`\n]*`/g

/** A heading's anchor, as GitHub makes it. */
export const anchorOf = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replaceAll(/[`*_~[\]]/g, '')
    .replaceAll(/\([^)]*\)/g, (part) => part)
    .replaceAll(/[^\p{L}\p{N}\s-]/gu, '')
    .replaceAll(/\s/g, '-')

/** All anchors of a page; the second of two equal headings ends in -1. */
export const anchorsOf = (text: string): ReadonlySet<string> => {
  const anchors = new Set<string>()
  for (const [, heading] of text.replaceAll(FENCE, '').matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const anchor = anchorOf(heading ?? '')
    let unique = anchor
    for (let count = 1; anchors.has(unique); count += 1) unique = `${anchor}-${count}`
    anchors.add(unique)
  }
  return anchors
}

/** Where the links of a page lead, without those to other sites. */
export const linksOf = (text: string): string[] =>
  [...text.replaceAll(FENCE, '').replaceAll(CODE, '').matchAll(LINK)]
    .map(([, target]) => target ?? '')
    .filter((target) => !/^[a-z][a-z+.-]*:/i.test(target))

const brokenLink = (root: string, page: SourceFile, target: string): string | undefined => {
  const [file = '', anchor] = target.split('#')
  const path = file === '' ? page.path : normalize(join(dirname(page.path), decodeURI(file)))
  if (path.startsWith('..') || !existsSync(join(root, path))) return `${page.path}: ${target} leads nowhere`
  if (anchor === undefined || !path.endsWith('.md') || statSync(join(root, path)).isDirectory())
    return undefined
  const text = file === '' ? page.text : readFileSync(join(root, path), 'utf8')
  return anchorsOf(text).has(anchor) ? undefined : `${page.path}: ${target}: there is no such heading`
}

export const brokenLinks = (root: string, pages: readonly SourceFile[]): string[] =>
  pages.flatMap((page) => linksOf(page.text).flatMap((target) => brokenLink(root, page, target) ?? []))

export const docLinks: Check = {
  name: 'links in documents',
  run: async (root) => brokenLinks(root, readFiles(root, /\.md$/)),
}
