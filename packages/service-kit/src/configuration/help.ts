import type { z } from 'zod'
import { FILE_VARIABLE } from './environment.ts'
import { type Setting, settingsOf } from './settings.ts'

const spelled = ({ kind, flag, placeholder, defaultValue }: Setting): string => {
  if (kind !== 'switch') return `--${flag} ${placeholder}`
  return defaultValue === true ? `--no-${flag}` : `--${flag}`
}

const defaultText = (value: unknown): string => {
  if (value === undefined || value === '') return ''
  if (Array.isArray(value)) return value.length === 0 ? '' : value.join(',')
  return typeof value === 'boolean' ? '' : String(value)
}

const wrapped = (text: string, width: number): string[] =>
  text.split(' ').reduce<string[]>((lines, word) => {
    const last = lines.at(-1)
    if (last !== undefined && last.length + word.length < width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
    return lines
  }, [])

const entry = (head: string, text: string) =>
  [`  ${head}`, ...wrapped(text, 74).map((line) => `      ${line}`)].join('\n')

const settingEntry = (setting: Setting) => {
  const standard = defaultText(setting.defaultValue)
  const tail = [standard === '' ? '' : `Default: ${standard}.`, `[${setting.variable}]`]
  return entry(spelled(setting), [setting.description, ...tail].filter((part) => part !== '').join(' '))
}

/** What `--help` prints. */
export const helpText = (
  settings: readonly Setting[],
  { command = 'npm start --', summary }: { readonly command?: string; readonly summary?: string },
): string =>
  [
    `Usage: ${command} [options]`,
    ...(summary === undefined ? [] : [summary]),
    `Options; in brackets the environment variable that does the same:`,
    ...settings.map(settingEntry),
    entry(
      '--config FILE',
      `JSON file of settings by their names; options and variables go before it. [${FILE_VARIABLE}]`,
    ),
    entry('--help', 'Print this.'),
    '',
  ]
    .join('\n\n')
    .trimEnd()
    .concat('\n')

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

const code = (text: string) => (text === '' ? '' : `\`${cell(text)}\``)

const row = (setting: Setting) =>
  `| ${code(setting.name)} | ${code(spelled(setting))} | ${code(setting.variable)} | ${code(defaultText(setting.defaultValue))} | ${cell(setting.description)} |`

/** The same as a Markdown table, for docs/reference/configuration.md. */
export const configurationReference = (schema: z.ZodObject): string =>
  [
    '| setting | option | environment | default | meaning |',
    '| --- | --- | --- | --- | --- |',
    ...settingsOf(schema).map(row),
    '',
  ].join('\n')
