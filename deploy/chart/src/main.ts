// node deploy/chart/src/main.ts: writes what is made of the chart's values (npm run reference does it too).
import { writeFileSync } from 'node:fs'
import { chartFiles } from './chart-files.ts'

for (const { path, text } of chartFiles()) writeFileSync(new URL(`../../../${path}`, import.meta.url), text)
