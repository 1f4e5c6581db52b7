import type { CallOptions } from 'nice-grpc'
import type { CallExtras } from '../call.ts'
import type { Context } from './definition.ts'

/** Options for a call made while answering another one: for the same identity, within the same deadline, under the same correlation. */
export const onward = ({
  identity,
  deadline,
  correlation,
  traceparent,
  signal,
}: Context): CallOptions & CallExtras => ({
  identity,
  timeoutMs: deadline - Date.now(),
  correlation,
  traceparent,
  signal,
})
