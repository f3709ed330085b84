import { download, type ArgsOf, type Route } from '../api/client.ts'
import { toastError } from '../ui/toast.tsx'

/** Saves the file that a route answers with; says so if that fails. */
export async function saveFile<R extends Route>(route: R, fallback: string, ...args: ArgsOf<R>): Promise<void> {
  try {
    const { blob, name } = await download(route, ...args)
    const url = URL.createObjectURL(blob)
    const link = document.createElement('a')
    link.href = url
    link.download = name ?? fallback
    link.click()
    URL.revokeObjectURL(url)
  } catch (thrown) {
    toastError(thrown)
  }
}
