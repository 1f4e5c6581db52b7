/** Where a request stands still until the schedule lets it go on, so that requests and faults come between its steps. */
export class Gate {
  private readonly parked: (() => Promise<void>)[] = []
  private changed = () => {}
  private isOver = false

  /** Does something when its turn comes. */
  pass<T>(work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.parked.push(() => work().then(resolve, reject))
      this.changed()
    })
  }

  over() {
    this.isOver = true
    this.changed()
  }

  /** Lets one thing be done and waits until the request stands still again or is over. */
  async step() {
    await this.parked.shift()?.()
    await this.settled()
  }

  /** Lets everything be done until something is. */
  async runUntil(isDone: () => boolean) {
    while (!isDone() && !this.isOver) await this.step()
  }

  settled(): Promise<void> {
    if (this.isOver || this.parked.length > 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.changed = () => {
        if (this.isOver || this.parked.length > 0) resolve()
      }
    })
  }
}
