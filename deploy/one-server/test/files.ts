import { readFileSync } from 'node:fs'
import { settingsOf } from '@relais/service-kit/configuration/settings.ts'
import { configurationSchema } from '@relais/standalone/configuration.ts'
import { parse } from 'yaml'
import { readUnit, serviceValues, variablesOf } from './unit-file.ts'

const read = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8')

/** The unit as it is, and as it stands without its comments. */
export const UNIT_TEXT = read('relais.service')
export const unit = readUnit(UNIT_TEXT)
export const unitEnvironment = variablesOf(serviceValues(unit, 'Environment'))

/** `relais.env` with what it only proposes, too. */
export const environmentFile = variablesOf(
  readUnit(read('relais.env').replace(/^#(?=RELAIS_)/gm, '')).map(({ name, value }) => `${name}=${value}`),
)

export type ComposeService = {
  readonly image: string
  readonly command: readonly string[]
  readonly user: string
  readonly environment: Readonly<Record<string, string>>
  readonly ports: readonly string[]
  readonly volumes: readonly string[]
  readonly read_only: boolean
  readonly cap_drop: readonly string[]
  readonly security_opt: readonly string[]
  readonly stop_grace_period: string
  readonly healthcheck: { readonly test: readonly string[] }
}

type Compose = {
  readonly services: { readonly relais: ComposeService }
  readonly networks: {
    readonly relais: { readonly ipam: { readonly config: readonly { gateway: string }[] } }
  }
}

export const COMPOSE_TEXT = read('compose.yaml')
export const compose = parse(COMPOSE_TEXT) as Compose

/** `${NAME:-default}` as Compose reads it where nothing is set. */
export const withDefaults = (text: string): string => text.replace(/\$\{\w+:-([^}]*)\}/g, '$1')

/** Variables that the product knows, with their defaults. */
export const known = new Map(
  settingsOf(configurationSchema).map((setting) => [setting.variable, setting] as const),
)
