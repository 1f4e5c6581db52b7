import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { openPostgresAnnouncements } from './announcements.ts'
import { serverOfFile } from './rows.fixture.ts'

const server = serverOfFile()

const waitUntil = async (isSo: () => boolean): Promise<void> => {
  const deadline = performance.now() + 20_000
  while (!isSo()) {
    assert.ok(performance.now() < deadline, 'it did not become so')
    await delay(10)
  }
}

let names = 0

/** Processes that tell each other under one name; each hears what the others have told when it is there. */
const open = async (context: TestContext, count: number, name = `n${names++}`) => {
  const faults: Error[] = []
  const processes = Array.from({ length: count }, () => {
    const announcements = openPostgresAnnouncements({
      connection: server().connection,
      name,
      onFault: (fault) => faults.push(fault),
    })
    context.after(() => announcements.close())
    const heard: string[] = []
    announcements.hear((text) => heard.push(text))
    return { ...announcementsOf(announcements), heard }
  })
  await hearEachOther(processes)
  return { processes, faults }
}

const announcementsOf = (announcements: ReturnType<typeof openPostgresAnnouncements>) => ({
  announcements,
  tell: (text: string) => announcements.tell(text),
})

type Process = { readonly heard: string[]; tell(text: string): void }

/** Told again and again, since what is told to whoever doesn't hear yet is lost. */
const hearEachOther = async (processes: readonly Process[]): Promise<void> => {
  const word = `there ${names++}`
  await waitUntil(() => {
    for (const { tell } of processes) tell(word)
    return processes.every(
      ({ heard }, n) => processes.length === 1 || heard.filter((text) => text === word).length > n,
    )
  })
}

const news = ({ heard }: Process) => heard.filter((text) => !text.startsWith('there'))

test('what one tells comes to all others in order, and not back', async (context) => {
  const { processes } = await open(context, 3)
  const [one, two, three] = processes
  const texts = Array.from({ length: 500 }, (_, n) => `text ${n} ${'x'.repeat(n)}`)
  for (const text of texts) one!.tell(text)
  await waitUntil(() => [two!, three!].every((each) => news(each).length === texts.length))
  for (const each of [two!, three!]) assert.deepEqual(news(each), texts)
  assert.deepEqual(news(one!), [])
})

test('those of another name hear nothing of it', async (context) => {
  const [mine, others] = [await open(context, 2), await open(context, 2)]
  mine.processes[0]!.tell('mine')
  await waitUntil(() => news(mine.processes[1]!).length === 1)
  others.processes[0]!.tell('others')
  await waitUntil(() => news(others.processes[1]!).length === 1)
  assert.deepEqual(news(others.processes[1]!), ['others'])
})

test('a lost connection is said and made anew; what is told afterwards is heard', async (context) => {
  const { processes, faults } = await open(context, 2)
  await server().query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
  )
  await waitUntil(() => faults.length >= 2)
  await hearEachOther(processes)
  processes[0]!.tell('again')
  await waitUntil(() => news(processes[1]!).includes('again'))
})

test('a listener that is closed hears no more', async (context) => {
  const { processes } = await open(context, 2)
  const later: string[] = []
  const hearing = processes[1]!.announcements.hear((text) => later.push(text))
  hearing.close()
  processes[0]!.tell('late')
  await waitUntil(() => news(processes[1]!).length === 1)
  assert.deepEqual(later, [])
})

test('telling never fails: without a server, and once it is closed', async (context) => {
  const connection = { ...server().connection, port: 1 }
  const faults: Error[] = []
  const nobody = openPostgresAnnouncements({
    connection,
    name: 'none',
    onFault: (fault) => faults.push(fault),
  })
  context.after(() => nobody.close())
  for (let n = 0; n < 20_000; n++) nobody.tell('into the void')
  await waitUntil(() => faults.length > 0)
  await nobody.close()
  nobody.tell('afterwards')
})

test('what was told just before the end is told', async (context) => {
  const { processes } = await open(context, 2)
  processes[0]!.tell('last words')
  await processes[0]!.announcements.close()
  await waitUntil(() => news(processes[1]!).includes('last words'))
})
