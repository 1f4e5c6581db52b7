import type { SignIn } from '../sign-in/sign-in.ts'
import type { EasEndpointConfig } from './endpoint-config.ts'
import { RequestPlaces } from './request-places.ts'

/**
 * Where requests are let in. Whose credential the directory hasn't confirmed lately has places of his own: asking it takes as long as checking
 * a password, and who guesses keeps nobody out who is known.
 */
export type Entrance = { readonly known: RequestPlaces; readonly strangers: RequestPlaces }

/** One account may have half of the places at once, and a request of each of its devices in line. */
export const createEntrance = ({
  maxRequests,
  maxRequestsInLine,
  maxInLineMs,
  maxUntakenBytes,
  maxDevices,
}: EasEndpointConfig): Entrance => {
  const placesOf = (places: number) =>
    new RequestPlaces({
      ...{ places, placesOfOne: Math.ceil(places / 2), patienceMs: maxInLineMs },
      ...{ line: maxRequestsInLine, lineOfOne: maxDevices, untakenBytes: maxUntakenBytes },
    })
  return { known: placesOf(maxRequests), strangers: placesOf(Math.ceil(maxRequests / 2)) }
}

/** Where a request with this credential belongs. */
export const placesFor = (
  { known, strangers }: Entrance,
  signIn: Pick<SignIn, 'remembers'>,
  authorization: string,
): RequestPlaces => (signIn.remembers(authorization) ? known : strangers)
