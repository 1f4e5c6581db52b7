import { Buffer } from 'node:buffer'

/**
 * What all texts of one message's envelope and structure may take together. Texts that don't fit any more are dropped:
 * the commit that carries them is bounded, and the message itself stays readable from its blob.
 */
export type TextBudget = { left: number }

export const createTextBudget = (bytes: number): TextBudget => ({ left: bytes })

/** The text if it fits, else ''. */
export const spend = (budget: TextBudget, text: string): string => {
  const size = Buffer.byteLength(text) + 8
  if (size > budget.left) return ''
  budget.left -= size
  return text
}
