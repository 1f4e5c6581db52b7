/** One measured line. `atMost` and `atLeast` are budgets; without either the line is only for information. */
export type Figure = {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly atMost?: number
  readonly atLeast?: number
}

export const met = ({ value, atMost, atLeast }: Figure): boolean | undefined => {
  if (atMost === undefined && atLeast === undefined) return undefined
  return (atMost === undefined || value <= atMost) && (atLeast === undefined || value >= atLeast)
}

export const percentile = (values: readonly number[], p: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * p) / 100))] ?? Number.NaN
}

export const median = (values: readonly number[]): number => percentile(values, 50)
