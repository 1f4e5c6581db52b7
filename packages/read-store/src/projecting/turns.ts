/** Runs asynchronous work one after the other, in the order it was asked for; one's failure isn't the next one's. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()

  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work, work)
    this.#last = turn.catch(ignore)
    return turn
  }
}

const ignore = () => {}
