/**
 * The only clock of the house. Everything that reads the time reads it here, so that a test can move it.
 * Inside a Worker the time stands still between two waits for I/O; nothing may spin on it.
 */
export const clock = {
  /** Milliseconds since 1970, UTC. */
  now: (): number => Date.now(),
}
