/**
 * Tables as CSV (RFC 4180). Spreadsheets run a cell that begins like a formula, so such a cell gets an apostrophe before it:
 * what one user has named must not run on another's machine.
 */

const FORMULA = /^[=+\-@\t\r]/

/** The table as text: one header line, one line a row. Nothing stands as an empty cell. */
export function toCsv(header: readonly string[], rows: readonly (string | number | null)[][]): string {
  return [header, ...rows].map((cells) => `${cells.map(cell).join(',')}\r\n`).join('')
}

/** The CSV as an answer that a browser saves under this name. The name is ours: letters, digits, dots and dashes. */
export function csvAnswer(name: string, csv: string): Response {
  const headers = {
    'content-type': 'text/csv; charset=utf-8',
    'content-disposition': `attachment; filename="${name}"`,
    'cache-control': 'no-store',
  }
  return new Response(csv, { headers })
}

function cell(value: string | number | null): string {
  const text = value === null ? '' : String(value)
  const safe = FORMULA.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
