/** Work for one device at a time, in the order it came; one's failure isn't the next one's. */
export class DeviceTurns {
  private readonly last = new Map<string, Promise<unknown>>()

  /** Devices with work under way or waiting. */
  get size(): number {
    return this.last.size
  }

  async take<T>(device: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.last.get(device) ?? Promise.resolve()).then(work)
    const over = turn.then(ignore, ignore)
    this.last.set(device, over)
    try {
      return await turn
    } finally {
      if (this.last.get(device) === over) this.last.delete(device)
    }
  }
}

const ignore = () => {}
