// node tools/engine/src/main.ts run -- PROGRAM …: a container engine of its own for a program, with the images that tests need.
import { runWithEngine } from './engine.ts'
import { inNamespaces } from './namespaces.ts'
import { whyNoEngine } from './programs.ts'

const USAGE = `Usage: npm run engine -- run -- PROGRAM …

  Starts Debian's dockerd in namespaces of its own, with Relais' image of HEAD and those of NATS and PostgreSQL, runs the
  program where they are (DOCKER_HOST and TEST_…_IMAGE say how they are called), and takes all of it away afterwards.
  Needs Linux and root.
`

const [command, , ...program] = process.argv.slice(2)

const say = (text: string): void => void process.stdout.write(text)

const main = async (): Promise<void> => {
  const why = whyNoEngine()
  if (program.length === 0) say(USAGE)
  else if (command === 'inside') process.exitCode = await runWithEngine(program)
  else if (command !== 'run') say(USAGE)
  // Tests that can't be run here are skipped, in words.
  else if (why !== undefined) say(`skipped: ${why}\n`)
  else process.exitCode = await inNamespaces([import.meta.filename, 'inside', '--', ...program])
}

await main().catch((error: Error) => {
  process.stderr.write(`relais: ${error.message}\n`)
  process.exitCode = 1
})
