type Waiter = { readonly exclusive: boolean; readonly enter: () => void }
type Gate = { shared: number; exclusive: boolean; readonly waiting: Waiter[] }

/**
 * Per account: commits that expect a head pass alone, commits that expect nothing pass together.
 * Only spares conflicts inside this process; between processes the log's expected position decides.
 */
export class AccountGates {
  private readonly gates = new Map<string, Gate>()

  shared<T>(account: string, work: () => Promise<T>): Promise<T> {
    return this.pass(account, false, work)
  }

  exclusive<T>(account: string, work: () => Promise<T>): Promise<T> {
    return this.pass(account, true, work)
  }

  /** Accounts with somebody inside or waiting. */
  get size(): number {
    return this.gates.size
  }

  private async pass<T>(account: string, exclusive: boolean, work: () => Promise<T>): Promise<T> {
    const gate = this.gates.get(account) ?? { shared: 0, exclusive: false, waiting: [] }
    this.gates.set(account, gate)
    if (gate.waiting.length > 0 || !admits(gate, exclusive)) {
      await new Promise<void>((enter) => gate.waiting.push({ exclusive, enter }))
    } else {
      admit(gate, exclusive)
    }
    try {
      return await work()
    } finally {
      this.leave(account, gate, exclusive)
    }
  }

  private leave(account: string, gate: Gate, exclusive: boolean) {
    if (exclusive) gate.exclusive = false
    else gate.shared--
    while (gate.waiting.length > 0 && admits(gate, gate.waiting[0]!.exclusive)) {
      const next = gate.waiting.shift()!
      admit(gate, next.exclusive)
      next.enter()
    }
    if (gate.shared === 0 && !gate.exclusive && gate.waiting.length === 0) this.gates.delete(account)
  }
}

const admits = (gate: Gate, exclusive: boolean) => !gate.exclusive && (!exclusive || gate.shared === 0)

const admit = (gate: Gate, exclusive: boolean) => {
  if (exclusive) gate.exclusive = true
  else gate.shared++
}
