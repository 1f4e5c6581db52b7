import fc from 'fast-check'

/** Text of any UTF-16 units, halves of characters too. fast-check's own unit `binary` takes seconds to begin. */
export const anyText = (maxLength: number): fc.Arbitrary<string> =>
  fc.array(fc.nat(0xffff), { maxLength }).map((units) => String.fromCharCode(...units))
