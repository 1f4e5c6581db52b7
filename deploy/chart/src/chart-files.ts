import { defaultValues, valuesReference, valuesSchema } from './outputs.ts'

/** Files of the repository that are made of the chart's values. */
export const chartFiles = (): readonly { readonly path: string; readonly text: string }[] => [
  { path: 'charts/relais/values.schema.json', text: valuesSchema() },
  { path: 'charts/relais/values.yaml', text: defaultValues() },
  {
    path: 'docs/reference/chart.md',
    text: `# Values of the chart

<!-- Made by \`npm run reference\`: change the source, not this page. -->

What \`helm install relais charts/relais --values FILE\` may be told ([guide](../guides/install-on-kubernetes.md)). A key that isn't here is
refused, and named.

${valuesReference()}`,
  },
]
