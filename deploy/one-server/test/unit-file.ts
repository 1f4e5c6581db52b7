/** A unit's settings in their order: section, name, value. Lines that go on are joined (systemd.syntax(7)). */
export type UnitSetting = { readonly section: string; readonly name: string; readonly value: string }

/** Reads a unit file or an environment file. Errors: a line that is none of section, setting, comment. */
export const readUnit = (text: string): readonly UnitSetting[] => {
  let section = ''
  return text
    .replace(/\\\n/g, ' ')
    .split('\n')
    .flatMap((line, n) => {
      if (/^\s*([#;].*)?$/.test(line)) return []
      const opened = /^\[(\w+)\]$/.exec(line)
      if (opened !== null) {
        section = opened[1] ?? ''
        return []
      }
      const [, name, value] = /^(\w+)=(.*)$/.exec(line) ?? []
      if (name === undefined || value === undefined) throw new Error(`line ${n + 1} is no setting: ${line}`)
      return [{ section, name, value }]
    })
}

/** Every value of a setting of the section Service. */
export const serviceValues = (unit: readonly UnitSetting[], name: string): readonly string[] =>
  unit.filter((one) => one.section === 'Service' && one.name === name).map(({ value }) => value)

/** `NAME=value` lines as variables. */
export const variablesOf = (lines: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const),
  )
