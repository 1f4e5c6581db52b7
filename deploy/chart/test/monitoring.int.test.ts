import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { chartFiles } from '../src/chart-files.ts'
import { ROOT } from './helm.ts'

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

type Alert = { alert: string; expr: string; for: string; severity: string; summary: string; runbook: string }
const alerts = parse(read('charts/relais/alerts.yaml')) as Alert[]

test('each alert has a runbook, and each runbook an alert', () => {
  const pages = readdirSync(join(ROOT, 'docs/runbooks')).map((name) => name.replace(/\.md$/, ''))
  assert.deepEqual(alerts.map(({ runbook }) => runbook).sort(), pages.sort())
  for (const { alert, runbook } of alerts)
    assert.ok(read(`docs/runbooks/${runbook}.md`).includes(alert), alert)
})

const SECTIONS = ['What it means', 'What phones see', 'What to look at', 'What to do']

test('each runbook says what the alert means, what phones see, what to look at and what to do', () => {
  for (const { runbook, alert } of alerts) {
    const [title, ...sections] = read(`docs/runbooks/${runbook}.md`)
      .split(/^#+ (?=\S)/m)
      .filter(Boolean)
    assert.equal(title?.trim(), alert)
    assert.deepEqual(
      sections.map((one) => one.split('\n')[0]),
      SECTIONS,
      runbook,
    )
    for (const one of sections) assert.match(one, /\n\n\S/, `${runbook}: an empty section`)
  }
})

test('runbooks name pages, figures and panels that there are', () => {
  const known = figures()
  const { panels } = JSON.parse(read('charts/relais/dashboards/relais.json'))
  const titles: string = panels.map(({ title }: { title: string }) => title).join('\n')
  for (const { runbook } of alerts) {
    const page = read(`docs/runbooks/${runbook}.md`)
    for (const [, to = ''] of page.matchAll(/\]\(([^)#]+)/g))
      assert.ok(existsSync(join(ROOT, 'docs/runbooks', to)), `${runbook}: ${to}`)
    for (const name of named(page)) assert.ok(known.has(name), `${runbook}: ${name}`)
    for (const [, panel = ''] of page.matchAll(/“([A-Z][^”]+)”(?= |,|:)/g))
      assert.ok(titles.includes(panel) || panel === 'Sent', `${runbook}: ${panel}`)
  }
})

test('each alert says how grave it is, after how long, and in words what happens', () => {
  for (const one of alerts) {
    assert.ok(['warning', 'critical'].includes(one.severity), one.alert)
    assert.match(one.for, /^\d+m$/)
    assert.match(one.summary, /\.$/)
  }
})

/** Every figure that the product names in its sources, with what is added to it. */
const figures = (): Set<string> => {
  const sources = ['packages', 'services'].flatMap((folder) => sourcesUnder(join(ROOT, folder)))
  const names = sources.flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(/'(relais_\w+)'/g)].map(([, name]) => name ?? ''),
  )
  return new Set(names.flatMap((name) => [name, `${name}_total`, `${name}_bucket`, `${name}_count`]))
}

const sourcesUnder = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return /^(node_modules|proto|test)$/.test(entry.name) ? [] : sourcesUnder(path)
    return entry.name.endsWith('.ts') && !entry.name.includes('.test.') ? [path] : []
  })

const named = (text: string) => [...text.matchAll(/\brelais_[a-z_]+/g)].map(([name]) => name)

test('alerts, dashboard and scaling ask for figures that there are', () => {
  const known = figures()
  const asking = ['charts/relais/dashboards/relais.json', 'charts/relais/templates/autoscaling.yaml']
  for (const name of [
    ...alerts.flatMap(({ expr }) => named(expr)),
    ...asking.flatMap((path) => named(read(path))),
  ])
    assert.ok(known.has(name), name)
})

test('the dashboard is JSON with panels that each have a question', () => {
  const { panels } = JSON.parse(read('charts/relais/dashboards/relais.json'))
  assert.ok(panels.length >= 8)
  for (const panel of panels)
    assert.ok(
      panel.targets.every(({ expr }: { expr: string }) => expr.length > 0),
      panel.title,
    )
})

test('schema, defaults and page are those of the values', () => {
  for (const { path, text } of chartFiles()) {
    assert.ok(existsSync(join(ROOT, path)), path)
    assert.equal(read(path), text, `${path}: npm run reference`)
  }
})
