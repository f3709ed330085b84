/** Reading from a stranger: so much and no more, and what has come is kept when the rest does not. */

/** The first `max` bytes of a body. `isWhole`: that was all of it. Never throws; the rest is let go. */
export async function readUpTo(
  body: ReadableStream<Uint8Array> | null,
  max: number,
): Promise<{ bytes: Uint8Array; isWhole: boolean }> {
  const bytes = new Uint8Array(max)
  let size = 0
  const reader = body?.getReader()
  try {
    for (;;) {
      const next = await reader?.read()
      if (!next || next.done) return { bytes: bytes.subarray(0, size), isWhole: true }
      const taken = next.value.subarray(0, max - size)
      bytes.set(taken, size)
      size += taken.length
      if (taken.length < next.value.length) break
    }
  } catch {
    // Broken off, or out of time.
  }
  await reader?.cancel().catch(() => {})
  return { bytes: bytes.subarray(0, size), isWhole: false }
}
