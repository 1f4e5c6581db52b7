import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { el } from '@relais/device-sync/wbxml/node.ts'
import fc from 'fast-check'
import { type Answer, NO_ANSWER } from './effects.ts'
import type { FamilyName } from './families.ts'
import { backOff, lifeOf } from './life.ts'
import { phoneOf } from './phone-state.ts'
import type { Plan } from './plan.ts'
import {
  commandsIn,
  EPOCH,
  folderAnswer,
  folderIn,
  type Heard,
  lead,
  ok,
  pingAnswer,
  policyAnswer,
  quiet,
  restsIn,
  type Script,
  syncAnswer,
} from './scripted-server.fixture.ts'
import { stampedSubject } from './stamp.ts'
import { ACCOUNT, QUIET_PLAN } from './world.fixture.ts'

const live = (script: Script, more: Partial<Plan> = {}, options = {}): Heard => {
  const plan = { ...QUIET_PLAN, ...more }
  return lead((world) => lifeOf(phoneOf(plan, 0, ACCOUNT), 0, plan, world), script, options)
}

const of = (family: FamilyName): Partial<Plan> => ({ mix: { [family]: 1 } })

/** Once, and then as usual. */
const once = (command: string, answer: ReturnType<Script>): Script => {
  let isDone = false
  return (ask, asked) => {
    if (ask.command !== command || isDone) return quiet(ask, asked)
    isDone = true
    return answer
  }
}

describe('a phone’s first minute', () => {
  test('iOS asks for folders first, takes the policy, and asks again', () => {
    assert.deepEqual(commandsIn(live(quiet)).slice(0, 6), [
      'OPTIONS',
      'FolderSync',
      'Provision',
      'Settings',
      'FolderSync',
      'Sync',
    ])
  })

  test('Android asks for folders once', () => {
    const commands = commandsIn(live(quiet, of('android')))
    assert.deepEqual(commands.slice(0, 4), ['OPTIONS', 'FolderSync', 'Provision', 'Settings'])
    assert.equal(commands.filter((one) => one === 'FolderSync').length, 1)
  })

  test('Outlook takes the policy first, and waits in a Sync of all its folders', () => {
    const heard = live(quiet, of('outlook'))
    assert.deepEqual(commandsIn(heard).slice(0, 4), ['OPTIONS', 'Provision', 'FolderSync', 'Settings'])
    assert.ok(!commandsIn(heard).includes('Ping'))
    assert.equal(heard.counts.get('phones waiting'), 1)
  })

  test('HTTP 449 is answered by taking the policy, and the same again', () => {
    const heard = live(once('FolderSync', { status: 449 }))
    const commands = commandsIn(heard)
    assert.deepEqual(commands.slice(1, 4), ['FolderSync', 'Provision', 'FolderSync'])
    assert.equal(heard.counts.get('unexpected'), undefined)
  })

  test('MS-ASPROV 3.1.5: the key of the policy that was taken goes with what follows', () => {
    const plan = QUIET_PLAN
    const phone = phoneOf(plan, 0, ACCOUNT)
    lead(
      (world) => lifeOf(phone, 0, plan, world),
      (ask, asked) => (ask.command === 'Provision' ? policyAnswer('4711') : quiet(ask, asked)),
    )
    assert.equal(phone.policyKey, '4711')
  })

  test('a folder is asked until there is no more, with a window that grows as AOSP’s does', () => {
    let pages = 0
    const windows: string[] = []
    live((ask, asked) => {
      if (ask.command !== 'Sync' || ask.isHeld) return quiet(ask, asked)
      windows.push(/WindowSize","content":"(\d+)/.exec(JSON.stringify(asked))?.[1] ?? 'none')
      return syncAnswer(folderIn(asked), [{ id: `i${++pages}`, subject: 'x' }], pages < 4)
    }, of('android'))
    assert.deepEqual(windows.slice(0, 4), ['none', '10', '20', '30'])
  })

  test('a server that always promises more is told from a large folder', () => {
    const heard = live(
      (ask, asked) => (ask.command === 'Sync' ? syncAnswer(folderIn(asked), [], true) : quiet(ask, asked)),
      { durationSeconds: 100_000 },
    )
    assert.ok(heard.wonders.every((why) => why === 'Sync: there is always more'))
    assert.equal(heard.counts.get('phones gone'), 1)
  })
})

describe('waiting', () => {
  test('each heartbeat that goes well makes the next one longer, up to the family’s most', () => {
    const patiences = live(quiet, { ...of('android'), durationSeconds: 9 * 3600 }).effects.flatMap(
      (effect) => (effect.kind === 'ask' && effect.isHeld ? [effect.patience - 30] : []),
    )
    assert.deepEqual(patiences.slice(0, 6), [480, 780, 1080, 1380, 1680, 1680])
  })

  test('MS-ASCMD 2.2.3.87: a heartbeat out of range is asked again with the one that was told', () => {
    const heard = live(once('Ping', pingAnswer('5', 600)))
    const held = heard.effects.flatMap((effect) =>
      effect.kind === 'ask' && effect.isHeld ? [effect.patience] : [],
    )
    assert.equal(held[1], 630)
    assert.equal(heard.counts.get('unexpected'), undefined)
  })

  test('mail that came while it waited tells how long that took; mail from before doesn’t', () => {
    const isNew = true
    const heard = live(
      (ask, asked) => {
        if (ask.command === 'Ping' && isNew) return pingAnswer('2')
        if (ask.command !== 'Sync' || !isNew || folderIn(asked) !== 'folder2') return quiet(ask, asked)
        const isAfterPing = JSON.stringify(asked).includes('folder2-next')
        if (!isAfterPing) return quiet(ask, asked)
        const items = [
          { id: 'old', subject: stampedSubject(1, EPOCH - 5000) },
          { id: 'new', subject: stampedSubject(2, EPOCH + 1000) },
        ]
        return syncAnswer('folder2', items)
      },
      { durationSeconds: 1000 },
    )
    const told = heard.times.get('told') ?? []
    assert.ok(told.length <= 1)
    for (const ms of told) assert.ok(ms > 0 && ms < 1_000_000)
  })

  test('Ping Status 7 and Sync Status 12: the folders are asked for anew, without being counted as wrong', () => {
    for (const script of [
      once('Ping', pingAnswer('7')),
      once('Sync', syncAnswer('folder2', [], false, '12')),
    ]) {
      const heard = live(script, { durationSeconds: 1000 })
      assert.equal(heard.counts.get('unexpected'), undefined)
      assert.ok(commandsIn(heard).filter((one) => one === 'FolderSync').length >= 3)
    }
  })

  test('Sync Status 3: the folder begins anew', () => {
    const heard = live(once('Sync', syncAnswer('folder2', [], false, '3')), { durationSeconds: 1000 })
    assert.equal(heard.counts.get('unexpected'), undefined)
    assert.equal(heard.counts.get('phones waiting'), 1)
  })
})

describe('what goes wrong', () => {
  test('503 with Retry-After is obeyed, and up to half as much again', () => {
    const heard = live(once('Ping', { status: 503, retryAfter: '40' }))
    assert.equal(heard.counts.get('told to come later'), 1)
    assert.ok(restsIn(heard).includes(50))
  })

  test('without Retry-After it waits longer each time, and minutes at most', () => {
    assert.deepEqual(
      [1, 2, 3, 20].map((failures) => backOff(failures, undefined, 0)),
      [0.5, 1, 2, 150],
    )
    assert.equal(backOff(1, 0, 0), 1, 'Retry-After: 0 is no leave to ask a thousand times a second')
  })

  test('a phone that is refused three times gives up', () => {
    const heard = live(() => ({ status: 401 }))
    assert.equal(heard.counts.get('refused'), 3)
    assert.equal(heard.counts.get('phones gone'), 1)
  })

  test('MS-ASCMD 2.2.2: 177, too many devices, refuses; 111 is for later', () => {
    const status = (code: number) => el('folderhierarchy:FolderSync', [el('folderhierarchy:Status', code)])
    assert.equal(live(once('FolderSync', status(177))).counts.get('refused'), 1)
    assert.equal(live(once('FolderSync', status(111))).counts.get('told to come later'), 1)
  })

  test('a lost connection is the network’s where the phone’s is bad, and else somebody’s fault', () => {
    const lost: Answer = { ...NO_ANSWER, trouble: 'connection' }
    const heard = live(once('Ping', { ...lost, reason: 'self-signed certificate' }))
    assert.equal(heard.counts.get('broken'), 1)
    assert.deepEqual(
      heard.wonders,
      ['Ping: self-signed certificate'],
      'whoever reads the report must know why',
    )
    assert.equal(live(once('Ping', lost), { networks: { bad: 1 } }).counts.get('cut'), 1)
  })

  test('what isn’t WBXML, or of a tag that nobody knows, is unexpected and ends nothing', () => {
    for (const body of [Buffer.from('<html>'), Buffer.from([3, 1, 106, 0, 0x7f]), Buffer.alloc(4)]) {
      const heard = live(once('FolderSync', { ...ok(), body }))
      assert.equal(heard.counts.get('unexpected'), 1)
      assert.equal(heard.counts.get('phones waiting'), 1)
    }
  })

  test('whatever is answered, a phone neither breaks nor asks without end nor rests for ever', () => {
    const answer = fc.oneof(
      fc.record({
        status: fc.constantFrom(200, 400, 401, 403, 404, 449, 451, 500, 503),
        retryAfter: fc.option(fc.string(), { nil: undefined }),
      }),
      fc.uint8Array({ maxLength: 60 }).map((body) => ({ ...ok(), body })),
      fc.constantFrom(
        folderAnswer(),
        policyAnswer('1'),
        pingAnswer('2'),
        pingAnswer('3'),
        syncAnswer('folder2'),
        syncAnswer('folder9'),
      ),
    )
    fc.assert(
      fc.property(
        fc.infiniteStream(answer),
        fc.constantFrom<FamilyName>('ios', 'android', 'outlook'),
        (answers, family) => {
          const heard = live(
            () => answers.next().value as ReturnType<Script>,
            { ...of(family), durationSeconds: 20_000 },
            { most: 3000 },
          )
          for (const seconds of restsIn(heard)) assert.ok(seconds >= 0 && seconds <= 6000)
        },
      ),
      { numRuns: 150 },
    )
  })
})

describe('users', () => {
  test('look, mark and send as often as the plan says', () => {
    let n = 0
    const random = () => (n++ * 0.618034) % 1
    const heard = live(
      quiet,
      { users: { looks: 30, marks: 0, sends: 60 }, durationSeconds: 7200 },
      { random },
    )
    const sent = heard.counts.get('messages sent') ?? 0
    assert.ok(sent > 60 && sent < 240, `${sent} messages in two hours of 60`)
    assert.ok(commandsIn(heard).includes('SendMail'))
  })

  test('a message is marked once, and it is one of the inbox', () => {
    const marked: string[] = []
    const heard = live(
      (ask, asked) => {
        const text = JSON.stringify(asked) ?? ''
        if (text.includes('airsync:Change'))
          marked.push(/"airsync:Change".*?"content":"(i\d)"/.exec(text)?.[1] ?? '')
        const isFirst =
          text.includes('folder2-next') && marked.length === 0 && !text.includes('airsync:Change')
        if (ask.command === 'Sync' && isFirst) return syncAnswer('folder2', [{ id: 'i1', subject: 'x' }])
        return quiet(ask, asked)
      },
      { users: { looks: 0, marks: 60, sends: 0 } },
    )
    assert.ok(marked.length >= 1)
    assert.ok(marked.every((id) => id === 'i1'))
    assert.ok((heard.counts.get('messages marked') ?? 0) >= 1)
  })
})

describe('phones that were away', () => {
  const away = { from: 1000, until: 1060, spreadSeconds: 10 }

  test('leave when all do, come back when all may, and wait again', () => {
    const heard = live(quiet, { away })
    assert.equal(heard.counts.get('left'), 1)
    assert.equal(heard.counts.get('back'), 1)
    const [ms] = heard.times.get('back') ?? []
    assert.ok(ms !== undefined && ms >= 5000 && ms < 6000, `${ms}`)
    const leaving = heard.effects.find((effect) => effect.kind === 'rest' && effect.leaves)
    assert.ok(leaving?.kind === 'rest' && Math.abs(leaving.seconds - 65) < 1)
  })

  test('are asked to come later and come later, and that counts into the time until they are back', () => {
    let times = 0
    const heard = live(
      (ask, asked) =>
        ask.command === 'FolderSync' && ++times > 2 && times < 5
          ? { status: 503, retryAfter: '20' }
          : quiet(ask, asked),
      { away },
    )
    assert.equal(heard.counts.get('told to come later'), 2)
    assert.ok((heard.times.get('back')?.[0] ?? 0) > 45_000)
  })

  test('one whose turn comes after all may come back leaves all the same, once', () => {
    const heard = live(quiet, { away }, { late: { at: away.from, by: 65 } })
    assert.equal(heard.effects.filter((effect) => effect.kind === 'rest' && effect.leaves).length, 1)
    assert.equal(heard.counts.get('back'), 1)
    assert.ok((heard.times.get('back')?.[0] ?? 0) > 5000)
    assert.equal(heard.counts.get('left'), 1)
  })

  test('one that began to wait only after it stays', () => {
    const heard = live(quiet, { away }, { late: { at: 0.001, by: away.until } })
    assert.equal(heard.counts.get('phones waiting'), 1)
    assert.equal(heard.counts.get('left'), undefined)
    assert.ok(!heard.effects.some((effect) => effect.kind === 'rest' && effect.leaves))
  })

  test('one that never waited before it has nothing to come back to', () => {
    const heard = live(() => ({ status: 503, retryAfter: '300' }), { away })
    assert.equal(heard.counts.get('left'), undefined)
  })
})
