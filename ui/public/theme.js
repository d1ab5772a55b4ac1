// Before the first paint: the theme that the reader chose, so that nothing flashes.
try {
  const chosen = localStorage.getItem("afield.theme");
  if (chosen) document.documentElement.dataset.theme = chosen;
} catch {
  // storage is forbidden: the system's theme it is
}
