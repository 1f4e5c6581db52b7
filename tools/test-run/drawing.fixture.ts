// For seed.test.ts: prints what a property tries.
import fc from 'fast-check'

fc.assert(
  fc.property(fc.integer(), (n) => {
    process.stdout.write(`${n} `)
  }),
  { numRuns: 5 },
)
