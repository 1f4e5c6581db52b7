import type { Command } from 'commander'
import { type Connection, type ConnectionOptions, endpointOf } from './connection.ts'
import { createOutput, type Output } from './output.ts'

export type Session = { readonly connection: Connection; readonly output: Output }

type GlobalOptions = ConnectionOptions & { readonly json: boolean }

/** What the commands need from the program around them. */
export type Surroundings = {
  readonly connect: (options: ReturnType<typeof endpointOf>) => Connection
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  readonly stdin: NodeJS.ReadStream
}

/** Adds a command's action: connects, runs it with the command's arguments and options, closes. */
export type Act = <Args extends unknown[]>(
  action: (session: Session, ...args: Args) => Promise<void>,
) => (...args: unknown[]) => Promise<void>

export const actIn =
  (surroundings: Surroundings): Act =>
  (action) =>
  async (...args) => {
    const command = args.pop() as Command
    const options = command.optsWithGlobals<GlobalOptions>()
    const connection = surroundings.connect(endpointOf(options))
    try {
      await action({ connection, output: createOutput(options.json, surroundings) }, ...(args as never))
    } finally {
      connection.close()
    }
  }
