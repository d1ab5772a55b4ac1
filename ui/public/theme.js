// Before the first paint: the theme that the reader chose, else the system's, so that nothing flashes.
const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => {
  root.dataset.system = dark.matches ? "dark" : "light";
};
follow();
dark.addEventListener("change", follow);
try {
  const chosen = localStorage.getItem("afield.theme");
  if (chosen) root.dataset.theme = chosen;
} catch {
  // storage is forbidden: the system's theme it is
}
