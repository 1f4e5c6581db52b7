import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { Entry } from '@relais/image/src/tar.ts'
import { postgresProgram } from '@relais/servers/postgres-program.ts'
import { run } from './run.ts'

/** Told by the variables that PostgreSQL's usual image knows; its arguments are the server's. */
const ENTRY = `set -e
method=\${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  printf %s "$POSTGRES_PASSWORD" > /tmp/password
  initdb -D "$PGDATA" -U "$POSTGRES_USER" -E UTF8 --locale=C --auth="$method" \${POSTGRES_PASSWORD:+--pwfile=/tmp/password}
  echo "host all all all $method" >> "$PGDATA/pg_hba.conf"
  echo "host replication all all $method" >> "$PGDATA/pg_hba.conf"
  echo "CREATE DATABASE $POSTGRES_DB;" | postgres --single -D "$PGDATA" postgres
fi
exec postgres -D "$PGDATA" -c listen_addresses='*' -c unix_socket_directories=/tmp "$@"
`

/** Says which PostgreSQL it is. */
export const postgresKey = (): string => `${realpathSync(postgresProgram('postgres'))} ${ENTRY}`

/** PostgreSQL of its npm package with a shell, which initdb calls, and what both are linked with. */
export const postgresEntries = async (): Promise<readonly Entry[]> => {
  const home = dirname(dirname(realpathSync(postgresProgram('postgres'))))
  return [
    ...filesOf(home, 'postgres').filter(({ path }) => !/\.a$|\/pkgconfig\//.test(path)),
    ...(await librariesOf([join(home, 'bin/postgres'), join(home, 'bin/initdb'), '/bin/dash'], home)),
    { kind: 'file', path: 'bin/sh', mode: 0o755, bytes: readFileSync('/bin/dash') },
    text('entry.sh', ENTRY),
    text('etc/passwd', 'postgres:x:999:999:PostgreSQL:/tmp:/bin/sh\n'),
    text('etc/group', 'postgres:x:999:\n'),
  ]
}

const text = (path: string, content: string): Entry => ({
  ...{ kind: 'file', path, mode: 0o644 },
  bytes: Buffer.from(content),
})

const filesOf = (folder: string, as: string): readonly Entry[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).flatMap((name): Entry[] => {
    const [from, path] = [join(folder, name), join(as, relative('.', name))]
    const about = lstatSync(from)
    if (about.isSymbolicLink()) return [{ kind: 'link', path, target: readlinkSync(from) }]
    if (!about.isFile()) return []
    return [{ kind: 'file', path, mode: about.mode & 0o111 ? 0o755 : 0o644, bytes: readFileSync(from) }]
  })

/** Of this machine, where they lie: the loader looks for them there. */
const librariesOf = async (programs: readonly string[], except: string): Promise<readonly Entry[]> => {
  const listed = (await run('ldd', programs)).matchAll(/(?:=> |^\s+)(\/\S+) \(/gm)
  const files = new Set([...listed].map(([, path = '']) => path))
  return [...files]
    .filter((path) => !realpathSync(path).startsWith(except))
    .map((path) => ({ kind: 'file', path: path.slice(1), mode: 0o755, bytes: readFileSync(path) }))
}
