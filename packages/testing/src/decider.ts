import assert from 'node:assert/strict'

/** A pure decision and how its events change the state. */
export type Decider<State, Command, Event> = {
  readonly initialState: State
  readonly evolve: (state: State, event: Event) => State
  readonly decide: (state: State, command: Command) => readonly Event[]
}

/**
 * The language of deciders' tests: `given(events).when(command).then(events)`, or `.thenRefused(code)` where the
 * decision throws.
 */
export const specify = <State, Command, Event>({
  initialState,
  evolve,
  decide,
}: Decider<State, Command, Event>) => ({
  given: (history: readonly Event[]) => ({
    when: (command: Command) => {
      const decision = () => decide(history.reduce(evolve, initialState), command)
      return {
        // biome-ignore lint/suspicious/noThenProperty: the customary word; nobody awaits it
        then: (expected: readonly Event[]) => assert.deepEqual(decision(), expected),
        thenRefused: (code: string) => assert.throws(decision, { code }),
      }
    },
  }),
})
