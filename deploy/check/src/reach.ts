import { setTimeout as pause } from 'node:timers/promises'

export type Patience = { readonly tries: number; readonly pauseMs: number }

/** A pod that has just started may not be let through at once where networks are closed. */
const PATIENCE: Patience = { tries: 4, pauseMs: 1000 }

/** Asks again where nobody was reached, which fetch tells by a TypeError. Errors: of the last try, or any other at once. */
export const reach = async <T>(
  ask: () => Promise<T>,
  { tries, pauseMs }: Patience = PATIENCE,
): Promise<T> => {
  for (let left = tries - 1; ; left--) {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof TypeError) || left === 0) throw error
      await pause(pauseMs)
    }
  }
}
