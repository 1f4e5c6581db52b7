import assert from 'node:assert/strict'
import type { Gathered, ReadModel, Sum, Writer } from '../port.ts'
import { commitOf, ledger, note, noteAll, notesOf, POISON, scalar, soon, texts } from './ledger.ts'
import type { Rule } from './rule.ts'

const NOTES = 'SELECT notes FROM tally WHERE tenant = ? AND account = ?'
const notesCounted = (reader: Parameters<typeof scalar>[0]) => scalar(reader, NOTES, 'acme', 'mike')

/** The ledger, and how often its sums were written. */
const watched = () => {
  const { project, ...rest } = ledger()
  const written = { times: 0 }
  const counting = (gathered: Gathered): Gathered => ({
    settle: (key) => gathered.settle(key),
    of: (key, start) =>
      gathered.of(key, () => {
        const sum = start()
        const write = sum.write.bind(sum)
        sum.write = (writer) => {
          written.times += 1
          return write(writer)
        }
        return sum
      }),
  })
  const model: ReadModel = {
    ...rest,
    project: (writer, commit, gathered) => project(writer, commit, counting(gathered)),
  }
  return { model, written }
}

/** A sum that no table takes once the poisonous note is in it. */
class Refused implements Sum {
  value: string | null = 'good'

  async write(writer: Writer): Promise<void> {
    await writer.write(
      `INSERT INTO entry (tenant, account, position, ordinal, note) VALUES ('acme', 'sum', 1, 0, ?)
       ON CONFLICT (tenant, account, position, ordinal) DO UPDATE SET note = excluded.note`,
      this.value,
    )
  }
}

const refusing = (): ReadModel =>
  ledger({
    project: async (writer, commit, gathered) => {
      const poisonous = Buffer.from(commit.events[0]!.payload).toString() === POISON
      const sum = gathered.of('refused', () => new Refused())
      if (poisonous) sum.value = null
      else await ledger().project(writer, commit, gathered)
    },
  })

export const sumRules = (rule: Rule) => {
  rule('what many commits add up to is written once a transaction', async ({ log, project }) => {
    await noteAll(log, texts(2000))
    const { model, written } = watched()
    const projector = await project(model)
    assert.equal(await notesCounted(projector.store), 2000)
    assert.ok(written.times < 200, `written ${written.times} times`)
  })

  rule('sums of transaction after transaction add up', async ({ log, project }) => {
    const { model, written } = watched()
    const projector = await project(model)
    for (const text of texts(5)) await projector.waitFor(await note(log, text), soon())
    assert.equal(await notesCounted(projector.store), 5)
    assert.equal(written.times, 5)
  })

  rule('a sum that is settled is there for what is read next', async ({ log, project }) => {
    const seen: unknown[] = []
    const model = ledger({
      project: async (writer, commit, gathered) => {
        await ledger().project(writer, commit, gathered)
        await gathered.settle('acme/mike')
        seen.push(await notesCounted(writer))
      },
    })
    await noteAll(log, texts(20))
    await project(model)
    assert.deepEqual(
      seen,
      texts(20).map((_, at) => at + 1),
    )
  })

  rule('a key that has no sum is settled by doing nothing', async ({ log, project }) => {
    await note(log, 'here')
    const model = ledger({
      project: async (writer, commit, gathered) => {
        await gathered.settle('acme/nobody')
        await ledger().project(writer, commit, gathered)
      },
    })
    assert.equal(await notesCounted((await project(model)).store), 1)
  })

  rule('a sum that is refused stops at the commit that made it so', async ({ log, project }) => {
    const projector = await project(refusing())
    const last = await noteAll(log, texts(50))
    const bad = await note(log, POISON)
    await noteAll(log, texts(50, 'later'))
    await assert.rejects(projector.waitFor(bad, soon()), { code: 'PROJECTION_STOPPED' })
    assert.equal(projector.checkpoint(), last)
    assert.equal((projector.fault() as Error & { position: number }).position, bad)
    assert.equal((await notesOf(projector.store)).length, 50)
    assert.equal(await notesCounted(projector.store), 50)
  })

  rule('a commit that fails takes back what it had added to a sum', async ({ log, project }) => {
    const projector = await project(ledger())
    await noteAll(log, texts(10))
    const { position } = await log.append(commitOf(['counted', POISON]))
    await assert.rejects(projector.waitFor(position, soon()), { code: 'PROJECTION_STOPPED' })
    assert.equal(await notesCounted(projector.store), 10)
  })
}
