import { connect } from './connection.ts'
import { createProgram } from './program.ts'
import { UsageError } from './usage-error.ts'

const { RELAIS_SERVER, RELAIS_TOKEN, RELAIS_CA, RELAIS_DATA } = process.env

const program = createProgram(
  { connect, stdout: process.stdout, stderr: process.stderr, stdin: process.stdin },
  { server: RELAIS_SERVER, token: RELAIS_TOKEN, ca: RELAIS_CA, data: RELAIS_DATA ?? 'data' },
)

try {
  await program.parseAsync()
} catch (error) {
  process.stderr.write(`relais: ${error instanceof Error ? error.message : error}\n`)
  process.exitCode = error instanceof UsageError ? 2 : 1
}
