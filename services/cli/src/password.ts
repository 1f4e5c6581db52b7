import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { UsageError } from './usage-error.ts'

/** Asks twice on a terminal without showing what is typed, or takes the first line of a pipe. Never from arguments: others see those. */
export const readPassword = async (stdin: NodeJS.ReadStream, stderr: NodeJS.WriteStream): Promise<string> => {
  if (!stdin.isTTY) return checked((await text(stdin)).split(/\r?\n/)[0] ?? '')
  const first = await ask(stdin, stderr, 'Password: ')
  if (first !== (await ask(stdin, stderr, 'Again: '))) throw new UsageError('the two passwords differ')
  return checked(first)
}

const checked = (password: string): string => {
  if (password === '') throw new UsageError('the password is empty')
  return password
}

const ask = (stdin: NodeJS.ReadStream, stderr: NodeJS.WriteStream, question: string): Promise<string> => {
  stderr.write(question)
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: stdin, output: silent, terminal: true })
  return new Promise((resolve) => {
    lines.question('', (answer) => {
      lines.close()
      stderr.write('\n')
      resolve(answer)
    })
  })
}
