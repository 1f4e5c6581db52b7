// The image's only entry: `mail`, `device-sync` … runs that service, `cli` the administrator's program, `standalone` all in one,
// `check` one round of what a phone does.
import { existsSync } from 'node:fs'

const service = (process.argv[2] ?? '--help').replace(/^relais-/, '')
const folder = service === 'check' ? 'deploy' : 'services'
const main = new URL(`../../../${folder}/${service}/src/main.ts`, import.meta.url)

if (/^[a-z-]+$/.test(service) && existsSync(main)) {
  process.argv.splice(1, 2, main.pathname)
  await import(main.href)
} else {
  const known = 'administration, check, cli, device-sync, directory, mail, mail-transport, standalone'
  process.stderr.write(`relais: the first argument names the service: ${known}\n`)
  process.exitCode = service === '--help' ? 0 : 2
}
