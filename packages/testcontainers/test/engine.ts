import { getContainerRuntimeClient, ImageName } from 'testcontainers'

/** Why containers of these images can't be started here, in one line, or false. */
export const withoutEngine = async (...images: readonly string[]): Promise<string | false> => {
  const engine = await getContainerRuntimeClient().catch(() => undefined)
  if (engine === undefined) return 'there is no container engine here'
  for (const image of images)
    if (!(await engine.image.exists(ImageName.fromString(image)))) return `the image ${image} is not here`
  return false
}
