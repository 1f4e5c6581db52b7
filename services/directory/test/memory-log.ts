import { ConflictError, type NewCommit, type StoredCommit } from '@relais/event-log'

type Stream = NewCommit['stream']

const same = (one: Stream, { tenant, account, service }: Partial<Stream>) =>
  (tenant === undefined || one.tenant === tenant) &&
  (account === undefined || one.account === account) &&
  (service === undefined || one.service === service)

/** The rules of the log that uniqueness rests on, without files: so that thousands of schedules can be tried. */
export class MemoryLog {
  readonly commits: StoredCommit[] = []
  #last = 0

  append(commit: NewCommit): { position: number; repeated: boolean } {
    const head = this.history(commit.stream).at(-1)?.position ?? 0
    if (commit.expected !== undefined && commit.expected !== head) throw new ConflictError(head)
    const position = ++this.#last
    const rest = { causation: 0, correlation: '', traceparent: '', collections: [], syncKey: '' }
    this.commits.push({ ...rest, ...commit, expected: commit.expected, position })
    return { position, repeated: false }
  }

  history(filter: Partial<Stream>): readonly StoredCommit[] {
    return this.commits.filter(({ stream }) => same(stream, filter))
  }

  purge(tenant: string, account: string): number {
    const kept = this.commits.filter(({ stream }) => !same(stream, { tenant, account }))
    const purged = this.commits.length - kept.length
    this.commits.splice(0, this.commits.length, ...kept)
    return purged
  }
}
