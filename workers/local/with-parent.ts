/**
 * Loaded into a child process before anything else: when the process that started it is gone, however it went, the child
 * and all that it started end too. The child must have been started with a channel, as the leader of its own group.
 */
process.once('disconnect', () => process.kill(-process.pid, 'SIGKILL'))
