/**
 * Why a phone stops what it does. `interrupted`: its user did something, or it is time to leave. `later`: the server can't now. `policy`:
 * the policy must be taken first. `folders`: its folders are no longer what it knows. `again`: the same, asked in full, goes well.
 */
export type TroubleKind =
  | 'interrupted'
  | 'later'
  | 'refused'
  | 'policy'
  | 'folders'
  | 'again'
  | 'cut'
  | 'broken'
  | 'unexpected'

export class Trouble extends Error {
  readonly kind: TroubleKind
  /** Seconds that the server asks for. */
  readonly retryAfter: number | undefined

  constructor(kind: TroubleKind, reason: string, retryAfter?: number) {
    super(reason)
    this.kind = kind
    this.retryAfter = retryAfter
  }
}

const MOST_RETRY_SECONDS = 3600

/** RFC 9110, 10.2.3: seconds. A date, or what can't be, is none. */
export const retryAfterOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,6}$/.test(text.trim()) ? Math.min(MOST_RETRY_SECONDS, Number(text)) : undefined

/** A Status of any command ([MS-ASCMD] 2.2.2) that no phone may pass over; undefined: the command's own. */
export const commonTrouble = (command: string, status: string): Trouble | undefined => {
  const number = Number(status)
  const reason = `${command} Status ${status}`
  if (number === 111) return new Trouble('later', reason)
  if ((number >= 126 && number <= 131) || number === 177) return new Trouble('refused', reason)
  if (number >= 140 && number <= 144) return new Trouble('policy', reason)
  return number > 100 ? new Trouble('unexpected', reason) : undefined
}

/** Statuses by which a command says that it can't now. */
const LATER: Readonly<Record<string, readonly string[]>> = {
  Sync: ['5', '16'],
  FolderSync: ['6'],
  Ping: ['8'],
}

export const ownTrouble = (command: string, status: string): Trouble =>
  new Trouble(LATER[command]?.includes(status) ? 'later' : 'unexpected', `${command} Status ${status}`)
