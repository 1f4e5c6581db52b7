import { Command } from 'commander'
import { addAccountCommands } from './commands/account.ts'
import { addAutomaticReplyCommands } from './commands/automatic-replies.ts'
import { addDeviceCommands } from './commands/device.ts'
import { addInstallationCommands } from './commands/installation.ts'
import { addMailCommands } from './commands/mail.ts'
import { addTenantCommands } from './commands/tenant.ts'
import { addTopCommand } from './commands/top.ts'
import { actIn, type Surroundings } from './session.ts'

export type Defaults = {
  readonly server?: string
  readonly token?: string
  readonly ca?: string
  readonly data: string
}

/** The administrator's command line. */
export const createProgram = (surroundings: Surroundings, defaults: Defaults): Command => {
  const program = new Command('relais')
    .description('Administers a Relais installation over its gRPC API.')
    .option('--data <folder>', 'data folder of a Relais on this machine (RELAIS_DATA)', defaults.data)
    .option('--server <url>', 'administration URL of a Relais elsewhere (RELAIS_SERVER)', defaults.server)
    .option('--token <token>', "an administrator's token (RELAIS_TOKEN)", defaults.token)
    .option('--ca <file>', 'certificate to trust, in PEM (RELAIS_CA)', defaults.ca)
    .option('--json', 'answers as JSON, for scripts', false)
    .showHelpAfterError('(relais --help lists the commands)')
    .configureHelp({ showGlobalOptions: true })
  const act = actIn(surroundings)
  addInstallationCommands(program, act, surroundings)
  addTopCommand(program, surroundings)
  addTenantCommands(program, act)
  addAccountCommands(program, act)
  addDeviceCommands(program, act)
  addMailCommands(program, act)
  addAutomaticReplyCommands(program, act)
  return program
}
