import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { BENCHES, type Bench } from './benches.ts'
import type { Figure } from './figure.ts'
import { met } from './figure.ts'
import { comparisonLine, reportLine } from './report.ts'
import { checkOut } from './revision.ts'
import type { Form } from './target.ts'

const HELP = `npm run bench -- [options]

Measures Relais as it is run: its processes and the load generator on the same cores, over plain HTTP.

  --only NAME      one of: ${BENCHES.map(({ name }) => name).join(', ')}; may be given several times
  --form FORM      standalone (as npm start runs it; the default) or cluster (as npm run start:cluster does)
  --against REV    also measures another revision, alternately in this one run
  --rounds N       rounds of --against (default 3)
  --phones N       of held-100000, fewer of them
  --keep FOLDER    held-100000 prepares its phones there, goes on where it was cut off, and finds them there the next time
  --json           one JSON document instead of lines
  --help           this text
`

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

const root = fileURLToPath(new URL('../../', import.meta.url))

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    form: { type: 'string', default: 'standalone' },
    against: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    keep: { type: 'string' },
    phones: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const formOf = (text: string): Form => {
  if (text === 'standalone' || text === 'cluster') return text
  throw new Error(`--form is standalone or cluster, not ${text}`)
}

const form = formOf(values.form)

const chosen = BENCHES.filter(({ name, forms }) =>
  values.only === undefined ? forms.includes(form) : values.only.includes(name),
)

/** A bench that breaks is a missed budget, not the end of the run. */
const measure = async (bench: Bench, at: string): Promise<Figure[]> => {
  try {
    return await bench.run({
      ...{ root: at, form },
      ...(values.keep !== undefined && { keep: values.keep }),
      ...(values.phones !== undefined && { phones: Number(values.phones) }),
    })
  } catch (error) {
    process.stderr.write(`${bench.name}: ${error instanceof Error ? error.stack : error}\n`)
    return [{ name: `${bench.name} (could not be measured)`, value: Number.NaN, unit: '', atMost: 0 }]
  }
}

const measureHere = async () => {
  const figures: Figure[] = []
  for (const bench of chosen) {
    if (!values.json) process.stderr.write(`measuring ${bench.name} …\n`)
    const measured = await measure(bench, root)
    figures.push(...measured)
    if (!values.json) for (const figure of measured) process.stdout.write(`${reportLine(figure)}\n`)
  }
  if (values.json) process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`)
  return figures.every((figure) => met(figure) !== false)
}

const compare = async (revision: string) => {
  const other = checkOut(root, revision)
  try {
    process.stdout.write(`${''.padEnd(72)} ${'here'.padStart(10)} ${revision.slice(0, 10).padStart(10)}\n`)
    for (const bench of chosen.filter(({ part }) => !part)) await compareOne(bench, other.root)
  } finally {
    other.remove()
  }
}

const compareOne = async (bench: Bench, otherRoot: string) => {
  const mine: Figure[] = []
  const theirs: Figure[] = []
  for (let round = 0; round < Number(values.rounds); round++) {
    mine.push(...(await measure(bench, root)))
    theirs.push(...(await measure(bench, otherRoot)))
  }
  for (const name of new Set(mine.map((figure) => figure.name))) {
    const named = (figures: Figure[]) => figures.filter((figure) => figure.name === name)
    process.stdout.write(`${comparisonLine(name, named(mine), named(theirs))}\n`)
  }
}

if (values.help) process.stdout.write(HELP)
else if (values.against !== undefined) await compare(values.against)
else if (!(await measureHere())) process.exitCode = 1
