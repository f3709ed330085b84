/** One listener for every copy button: it copies `data-copy`, or the text of the element that `data-copy-of` names. */

import { common } from '../words/common.ts'
import { said } from '../words/words.ts'

const COPIED_FOR_MS = 1_600

document.addEventListener('click', (event) => {
  const button =
    event.target instanceof Element ? event.target.closest('button[data-copy], button[data-copy-of]') : null
  if (button instanceof HTMLButtonElement) void copy(button)
})

async function copy(button: HTMLButtonElement): Promise<void> {
  const source = button.dataset['copyOf']
  const text = source === undefined ? button.dataset['copy'] : document.getElementById(source)?.textContent
  const label = button.querySelector('[data-copy-label]') ?? button
  if (!text || button.dataset['copied'] !== undefined) return
  const before = label.textContent
  button.dataset['copied'] = ''
  label.textContent = await navigator.clipboard.writeText(text).then(
    () => said(common).copied,
    () => said(common).notCopied,
  )
  setTimeout(() => {
    label.textContent = before
    delete button.dataset['copied']
  }, COPIED_FOR_MS)
}
