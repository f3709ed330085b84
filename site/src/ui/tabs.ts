/** Tabs as the ARIA pattern wants them: arrows, Home and End move, and only the chosen tab is in the tab order. */

/** Makes the tablist below `root` act; `onShown` hears which panel is shown. */
export function tabs(root: HTMLElement, onShown: (index: number) => void): void {
  const all = [...root.querySelectorAll<HTMLElement>('[role="tab"]')]
  const panels = [...root.querySelectorAll<HTMLElement>('[role="tabpanel"]')]

  function show(chosen: number): void {
    for (const [index, tab] of all.entries()) {
      tab.setAttribute('aria-selected', String(index === chosen))
      tab.tabIndex = index === chosen ? 0 : -1
    }
    for (const [index, panel] of panels.entries()) panel.hidden = index !== chosen
    onShown(chosen)
  }

  for (const [index, tab] of all.entries()) {
    tab.addEventListener('click', () => show(index))
    tab.addEventListener('keydown', (event) => {
      const goals: Record<string, number> = {
        ArrowRight: index + 1,
        ArrowLeft: index - 1,
        Home: 0,
        End: all.length - 1,
      }
      const goal = goals[event.key]
      if (goal === undefined) return
      event.preventDefault()
      const next = (goal + all.length) % all.length
      show(next)
      all[next]?.focus()
    })
  }
}
