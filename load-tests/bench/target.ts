import type { Figure } from './figure.ts'

/** All services in one process, or each in a process of its own with the servers that a cluster has. */
export type Form = 'standalone' | 'cluster'

/** What is measured: a checkout, in one of its forms. */
export type Target = {
  readonly root: string
  readonly form: Form
  /** Folder for what takes long to prepare, for the next time. */
  readonly keep?: string
  /** Of measurements with many phones: so many instead. */
  readonly phones?: number
}

type Budget = Pick<Figure, 'atMost' | 'atLeast'>

/** The budget of a form; a form without one is measured for information. */
export const budgetOf = ({ form }: Target, budgets: Partial<Record<Form, Budget>>): Budget =>
  budgets[form] ?? {}
