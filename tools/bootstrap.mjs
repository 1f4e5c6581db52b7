// Brings node_modules in line with the lockfile; does nothing, in milliseconds, when they already agree.
// Plain JavaScript for any Node >= 20: it runs before the pinned Node is there.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PNPM = 'pnpm@10.34.9'
const OLDEST_NODE = 20
const root = fileURLToPath(new URL('..', import.meta.url))
const stamp = join(root, 'node_modules/.relais-bootstrap')
const lock = join(root, 'node_modules/.relais-bootstrap.lock')

/** What npm and pnpm print when they can't reach the registry. */
const UNREACHABLE =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|ERR_PNPM_META_FETCH_FAIL|UND_ERR_CONNECT_TIMEOUT)\b/

const fail = (line) => {
  console.error(`relais: ${line}`)
  process.exit(1)
}

const workspaces = () =>
  ['packages', 'services']
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`))
    .concat('load-tests')
    .filter((folder) => existsSync(join(root, folder, 'package.json')))

const wanted = () => {
  const files = ['package.json', 'pnpm-workspace.yaml', 'pnpm-lock.yaml']
  const hash = createHash('sha256').update(`${PNPM} ${process.platform} ${process.arch}`)
  for (const file of files.concat(workspaces().map((folder) => `${folder}/package.json`))) {
    hash.update(file).update(readFileSync(join(root, file)))
  }
  return hash.digest('hex')
}

/** Somebody may have removed a part of what was installed. */
const isThere = () =>
  existsSync(join(root, 'node_modules/.bin/node')) &&
  workspaces().every((folder) => {
    const { dependencies = {} } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
    return Object.keys(dependencies).length === 0 || existsSync(join(root, folder, 'node_modules'))
  })

const isCurrent = (want) => existsSync(stamp) && readFileSync(stamp, 'utf8') === want && isThere()

const isRunning = (pid) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Two at once would spoil each other's work; the lock of a process that is gone counts for nothing. */
const takeLock = async () => {
  mkdirSync(join(root, 'node_modules'), { recursive: true })
  for (let told = false; ; told = true) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' })
      return
    } catch {
      const holder = existsSync(lock) ? Number(readFileSync(lock, 'utf8')) : 0
      if (!isRunning(holder)) rmSync(lock, { force: true })
      else if (!told) console.error(`relais: waiting for process ${holder}, which installs dependencies`)
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
}

const pnpmInstall = () =>
  new Promise((resolve) => {
    const args = [
      'install',
      '--frozen-lockfile',
      '--prefer-offline',
      '--reporter=append-only',
      '--loglevel=warn',
    ]
    const child = spawn('npx', ['--yes', '--prefer-offline', PNPM, ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let text = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        text = (text + chunk).slice(-100_000)
        process.stderr.write(chunk)
      })
    }
    child.on('error', (error) => resolve({ code: -1, text: error.message }))
    child.on('close', (code) => resolve({ code, text }))
  })

const install = async (want) => {
  console.error('relais: installing dependencies (once; needs the npm registry)')
  rmSync(stamp, { force: true })
  // npm puts node_modules/.bin before the machine's own programs: if the install is killed, the shim of the pinned
  // Node must not be there without its binary, or nothing could run this file again.
  rmSync(join(root, 'node_modules/.bin/node'), { force: true })
  const { code, text } = await pnpmInstall()
  if (code !== 0) {
    const why = UNREACHABLE.test(text)
      ? "the npm registry can't be reached (behind a proxy: npm config set proxy, https-proxy)"
      : 'the lines above say why'
    fail(`could not install the dependencies: ${why}; the same command tries again`)
  }
  writeFileSync(stamp, want)
}

if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
  fail(`this is Node ${process.versions.node}; Node ${OLDEST_NODE} or newer is needed`)
}
const want = wanted()
if (!isCurrent(want)) {
  await takeLock()
  try {
    if (!isCurrent(want)) await install(want)
  } finally {
    rmSync(lock, { force: true })
  }
}
