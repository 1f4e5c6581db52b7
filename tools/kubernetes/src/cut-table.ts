const TABLE = 'relais_cut'

/** Rules for nftables by which addresses lose each other, and those that take them away. */
export const cutTable = (some: readonly string[], others: readonly string[]) => {
  const drop = (from: readonly string[], to: readonly string[]) =>
    `    ip saddr { ${from.join(', ')} } ip daddr { ${to.join(', ')} } drop\n`
  return {
    cut: `table ip ${TABLE} {
  chain passing {
    type filter hook forward priority -20; policy accept;
${drop(some, others)}${drop(others, some)}  }
}
`,
    mend: `delete table ip ${TABLE}\n`,
  }
}
