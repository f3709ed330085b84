// Runs before the first paint, so that a chosen theme never flashes. Storage may be forbidden: then the system decides.
try {
  const chosen = localStorage.getItem('theme')
  if (chosen === 'light' || chosen === 'dark') document.documentElement.classList.add(chosen)
} catch {}
