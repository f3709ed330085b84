/** What a payment stand-in shows at `/`: the latest payments, with what can be made to happen to each. */
import { escape, html } from './html.ts'
import type { Answer } from './http-door.ts'

export type Row = {
  payment: string
  sum: string
  state: string
  /** Where it can be paid, while it can. */
  url: string | null
  /** Paths under `/control`, each with the words on its button. */
  acts: [path: string, label: string][]
}

export function deskPage(title: string, rows: Row[]): Answer {
  const shown = rows.map(({ payment, sum, state, url, acts }) => {
    const link = url === null ? '' : `<a href="${escape(url)}">Pay</a>`
    const buttons = acts.map(([path, label]) => `<button formaction="/control/${path}">${escape(label)}</button>`)
    return `<form method="post"><input type="hidden" name="payment" value="${escape(payment)}">
<p><strong>${escape(sum)}</strong> ${escape(state)} ${link}<br><small>${escape(payment)}</small></p>${buttons.join('')}</form>`
  })
  return html(200, title, shown.join('') || '<p>No payment yet.</p>')
}
