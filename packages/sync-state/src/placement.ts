/** A commit makes at most this many placements. */
export const MAX_PLACEMENTS = 8192

/**
 * The number that names a placement: the position of the commit that made it and its ordinal there, so ids order by creation,
 * are never reused and fit a safe integer (positions below 2^40).
 */
export const placementId = (position: number, ordinal: number): number => position * MAX_PLACEMENTS + ordinal

export const placementPosition = (placement: number): number => Math.floor(placement / MAX_PLACEMENTS)
