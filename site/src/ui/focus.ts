import { useRef } from 'react'

/** For the content of a dialog: focus goes back to what had it, since what opens one is mostly not a trigger that Radix knows. */
export function useFocusBack() {
  const before = useRef<Element>(null)
  return {
    onOpenAutoFocus: () => {
      before.current = document.activeElement
    },
    onCloseAutoFocus: (event: Event) => {
      event.preventDefault()
      if (before.current instanceof HTMLElement) before.current.focus()
    },
  }
}
