import { readFileSync } from 'node:fs'
import { terminal } from '@relais/service-kit'

/** What a file of certificates holds; undefined where none is named. Errors: CONFIGURATION_INVALID. */
export const readCa = (file: string | undefined, setting: string): string | undefined => {
  if (file === undefined) return undefined
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw terminal('CONFIGURATION_INVALID', `${setting}: ${file} can't be read`, { cause: error })
  }
}

/** What a file holds, without the line's end: a secret that stands in no environment and no command line. Errors: CONFIGURATION_INVALID. */
export const readSecret = (file: string, setting: string): string => {
  try {
    const text = readFileSync(file, 'utf8').trim()
    if (text.length >= 32) return text
  } catch (error) {
    throw terminal('CONFIGURATION_INVALID', `${setting}: ${file} can't be read`, { cause: error })
  }
  throw terminal('CONFIGURATION_INVALID', `${setting}: ${file} holds less than 32 characters`)
}
