/** Ids of tenants are part of keys, paths and subjects: letters, digits and inner hyphens, 32 at most. */
const MAX_SLUG = 32

const SPELLED: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  þ: 'th',
}

const trimmed = (slug: string) => slug.replaceAll(/^-+|-+$/g, '')

const baseSlug = (name: string): string => {
  const letters = name
    .slice(0, 200)
    .toLowerCase()
    .replaceAll(/[ßæœøłđþ]/g, (letter) => SPELLED[letter] ?? '')
    .normalize('NFKD')
    .replaceAll(/\p{M}+/gu, '')
  const slug = trimmed(trimmed(letters.replaceAll(/[^a-z0-9]+/g, '-')).slice(0, MAX_SLUG))
  return slug === '' ? 'tenant' : slug
}

/** A tenant's id made of its name; the second and later tries carry a number. */
export const slugOf = (name: string, attempt: number): string => {
  if (attempt === 1) return baseSlug(name)
  const number = `-${attempt}`
  return `${trimmed(baseSlug(name).slice(0, MAX_SLUG - number.length))}${number}`
}
