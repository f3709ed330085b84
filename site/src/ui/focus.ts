import { useRef, useState } from 'react'

/**
 * For the content of a dialog: focus goes back to what had it, since what opens one is mostly not a trigger that Radix knows.
 * That is looked for while the dialog is being drawn: a field in it that takes the focus by itself has it before anybody is told.
 */
export function useFocusBack(isOpen: boolean) {
  const [wasOpen, setWasOpen] = useState(false)
  const opener = useRef<Element>(null)
  if (isOpen !== wasOpen) {
    setWasOpen(isOpen)
    if (isOpen) opener.current = openerNow()
  }
  return {
    onCloseAutoFocus: (event: Event) => {
      event.preventDefault()
      if (opener.current instanceof HTMLElement) opener.current.focus()
    },
  }
}

/** What has the focus; of an entry in a menu, which goes when it was chosen, what opened the menu. */
function openerNow(): Element | null {
  const menu = document.activeElement?.closest('[role=menu]')
  return document.getElementById(menu?.getAttribute('aria-labelledby') ?? '') ?? document.activeElement
}
