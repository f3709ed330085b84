/**
 * `npm run reencrypt`: moves every prompt to the current key. Reads `DATABASE_URL`, `DATABASE_HTTP_URL` (if Neon's protocol
 * is spoken elsewhere), `ENCRYPTION_KEY` and `ENCRYPTION_KEY_PREVIOUS` from the environment. How and when: see
 * `workers/agents/reencrypt.ts`. Ends with status 1 if something is left.
 */
import { neon, neonConfig } from '@neondatabase/serverless'
import { reencrypt } from '../agents/reencrypt.ts'

const { DATABASE_URL, DATABASE_HTTP_URL } = process.env
if (!DATABASE_URL) throw new Error('DATABASE_URL is missing.')
if (DATABASE_HTTP_URL) neonConfig.fetchEndpoint = DATABASE_HTTP_URL

const sql = neon(DATABASE_URL)
const { moved, skipped, failed, left } = await reencrypt(process.env, (text, values) => sql.query(text, values))
console.log(`${moved} moved, ${skipped} changed meanwhile, ${failed.length} do not open, ${left} left.`)
for (const row of failed) console.error(`Does not open: ${row}`)
if (left > 0) process.exitCode = 1
