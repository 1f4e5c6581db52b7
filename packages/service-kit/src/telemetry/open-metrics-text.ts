import { terminal } from '../errors.ts'

export type Sample = {
  /** With its suffix: `_total`, `_bucket`, `_sum`, `_count`. */
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  readonly exemplar: Exemplar | undefined
}

export type Exemplar = { readonly labels: Readonly<Record<string, string>>; readonly value: number }

export type MetricFamily = {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly samples: readonly Sample[]
}

const MAX_TEXT = 16 * 1024 * 1024
const MAX_LINES = 200_000

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"'
const LABELS = `\\{((?:${LABEL})?(?:,${LABEL})*)\\}`
const NUMBER = '(?:[+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?|[+-]?[Ii]nf(?:inity)?|[Nn]a[Nn])'
const SAMPLE = new RegExp(
  `^(${NAME})(?:${LABELS})? (${NUMBER})(?: ${NUMBER})?(?: # ${LABELS} (${NUMBER})(?: ${NUMBER})?)?$`,
)
const DESCRIPTION = new RegExp(`^# (HELP|TYPE|UNIT) (${NAME})(?: (.*))?$`)
const ONE_LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"/g

const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  counter: ['_total', '_created'],
  gauge: [''],
  histogram: ['_bucket', '_sum', '_count', '_created'],
  summary: ['', '_sum', '_count', '_created'],
  info: ['_info'],
  unknown: [''],
}

/** Reads OpenMetrics 1.0 text, strictly. Errors: METRICS_INVALID (terminal) that names the first line that is none. */
export const parseOpenMetrics = (text: string): readonly MetricFamily[] => {
  if (text.length > MAX_TEXT) throw invalid('the text is too long')
  const lines = text.split('\n', MAX_LINES + 1)
  if (lines.length > MAX_LINES) throw invalid('there are too many lines')
  if (lines.at(-1) !== '' || lines.at(-2) !== '# EOF') throw invalid('the end is missing')
  const families = new Map<string, MetricFamily & { samples: Sample[] }>()
  let current: (MetricFamily & { samples: Sample[] }) | undefined
  for (const [n, line] of lines.slice(0, -2).entries()) {
    const described = DESCRIPTION.exec(line)
    if (described !== null) {
      const [, kind = '', name = '', words = ''] = described
      if (current?.name !== name && families.has(name)) throw invalid(`line ${n + 1}: ${name} comes twice`)
      current = {
        ...(current?.name === name ? current : begun(name)),
        ...(kind === 'HELP' && { help: words }),
        ...(kind === 'TYPE' && { type: words }),
      }
      families.set(name, current)
      continue
    }
    const sample = sampleIn(line)
    if (sample === undefined) throw invalid(`line ${n + 1} is no sample`)
    if (current === undefined || !belongs(sample, current))
      throw invalid(`line ${n + 1}: ${sample.name} stands in no family of its name`)
    current.samples.push(sample)
  }
  return [...families.values()]
}

const begun = (name: string): MetricFamily & { samples: Sample[] } => ({
  name,
  type: 'unknown',
  help: '',
  samples: [],
})

const belongs = ({ name }: Sample, family: MetricFamily): boolean =>
  (SUFFIXES[family.type] ?? []).some((suffix) => name === family.name + suffix)

const sampleIn = (line: string): Sample | undefined => {
  const found = SAMPLE.exec(line)
  if (found === null) return undefined
  const [, name = '', labels, value = '', exemplarLabels, exemplarValue = ''] = found
  return {
    name,
    labels: labelsIn(labels),
    value: numberIn(value),
    exemplar:
      exemplarLabels === undefined
        ? undefined
        : { labels: labelsIn(exemplarLabels), value: numberIn(exemplarValue) },
  }
}

const labelsIn = (text = ''): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(ONE_LABEL)].map(([, name = '', value = '']) => [name, unescaped(value)]),
  )

const unescaped = (value: string) =>
  value.replaceAll(/\\(["\\n])/g, (_, one: string) => (one === 'n' ? '\n' : one))

/** The words for what is no finite number may be written in any case. */
const numberIn = (text: string): number => {
  if (/nan/i.test(text)) return Number.NaN
  if (!/inf/i.test(text)) return Number(text)
  return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
}

const invalid = (reason: string) => terminal('METRICS_INVALID', reason)
