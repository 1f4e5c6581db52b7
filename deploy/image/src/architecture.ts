/** As OCI and Debian name them. */
export const ARCHITECTURES = ['amd64', 'arm64'] as const
export type Architecture = (typeof ARCHITECTURES)[number]

const NODE_NAMES = { amd64: 'x64', arm64: 'arm64' } as const

/** As Node and npm name it. */
export const nodeNameOf = (architecture: Architecture): string => NODE_NAMES[architecture]

/** Of this machine. Errors: one that there is no image for. */
export const ownArchitecture = (): Architecture => {
  const found = ARCHITECTURES.find((one) => NODE_NAMES[one] === process.arch)
  if (!found) throw new Error(`there is no image for ${process.arch}`)
  return found
}
