import { MEASURES } from '../thresholds.ts'
import { SCENARIO_NAMES, SCENARIOS } from './scenarios.ts'

const COMMON_HELP = `  --against URL        where phones find it: https://mail.example
  --accounts FILE      who signs in: CSV with a header of address,password, or the JSON of npm start -- --seed
  --phones N           phones; default: one of each account. More than accounts: several of each
  --duration TIME      how long: 90s, 10m, 8h (default 10m)
  --ramp TIME          until all phones have come (default: a fifth of the duration)
  --speed N            people and mail are so many times as busy as in the busiest hour of a day (default 1)
  --lmtp HOST:PORT     mail from outside is handed in there; without it there is only what phones send
  --smtp HOST:PORT     the same over SMTP
  --processes N        processes that lead the phones (default: one for 10,000, and no fewer than cores for more)
  --from A,B           own addresses that phones come from, in turn: one has 28,000 ports for a server
  --ca FILE            PEM of the authorities that certificates are checked by
  --insecure           certificates aren't checked
  --installation-pid N Relais runs on this machine as this process: what each service uses is measured
  --random-seed N      the same run again (default 1)
  --threshold NAME=N   another limit; NAME= takes it away. May be given several times
  --html FILE          a report with plots, whole in one file
  --json               one JSON document instead of a table
  --quiet              no progress
  --help               this text

It ends with 0 where every threshold was met, with 1 where one was missed, and with 2 where the call can't be understood.

Thresholds, and what they are of:

${Object.entries(MEASURES)
  .map(([name, what]) => `  ${name.padEnd(18)} ${what}`)
  .join('\n')}
`

/** What `npm run load -- --help` prints. */
export const LOAD_HELP = `npm run load -- SCENARIO --against URL --accounts FILE [options]

Scenarios:
${SCENARIO_NAMES.map((name) => `  ${name.padEnd(18)} ${SCENARIOS[name].about}`).join('\n')}

  --by k6|simulator    who leads the phones (default k6). A phone of k6 takes some MiB, one of the simulator some KiB: k6 is for hundreds of
                       phones, the simulator for tens of thousands. The pinned k6 is built by Go the first time, in some minutes
  --k6 PROGRAM         another k6
${COMMON_HELP}`

/** What `npm run simulate -- --help` prints. */
export const SIMULATE_HELP = `npm run simulate -- --against URL --accounts FILE [options]

Phones as iOS, Android and Outlook are: each sets itself up, waits for mail, is woken, is used, and gets over what goes wrong.
Only against an installation of your own: its accounts get mail, and what is in them is read and marked.

  --mix A=N,B=N        ios, android and outlook, by weight (default ios=45,android=35,outlook=20)
  --networks A=N,B=N   good, slow (64 KiB/s) and bad (16 KiB/s, cut now and then), by weight (default good=1)
  --mails-per-minute N handed in with --lmtp or --smtp (default: what so many accounts get in the busiest hour, times --speed)
  --make-accounts N    writes N accounts with passwords as CSV and for relais account import, and for --accounts
  --domain NAME        of those accounts (default load.example)
${COMMON_HELP}`
