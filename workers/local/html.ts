/** The plain pages of the payment stand-ins. */
import type { Answer } from './http-door.ts'

const STYLE = `
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui;max-width:26rem;margin:12vh auto 2rem;padding:0 1rem;overflow-wrap:anywhere}
h1{font-size:1rem;font-weight:500;opacity:.7}.sum{font-size:2.4rem;font-weight:600;margin:.2em 0}
ul{list-style:none;padding:0}li{display:flex;justify-content:space-between;border-top:1px solid #8885;padding:.5rem 0}
button{display:block;width:100%;font:inherit;padding:.7rem;margin:.5rem 0;border:1px solid #8888;border-radius:.5rem;background:none;color:inherit;cursor:pointer}
form p~button{display:inline-block;width:auto;padding:.3rem .8rem;margin:0 .5rem 0 0}
.pay button:first-child{background:#635bff;border-color:#635bff;color:#fff}button:focus-visible{outline:3px solid #635bff88}
[role=alert]{color:#c0392b}small{opacity:.7}`

/** A whole page. `inner` is HTML: what came from outside must have been escaped. */
export function html(status: number, title: string, inner: string): Answer {
  return {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' },
    body: `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(title)}</title><style>${STYLE}</style><main><h1>${escape(title)} · stand-in, no money moves</h1>${inner}</main></html>`,
  }
}

export function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}
