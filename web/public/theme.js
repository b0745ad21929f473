// Before the first paint, so that a chosen theme never flashes; the policy forbids inline scripts.
(() => {
  try {
    const theme = localStorage.getItem("skein-theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // Storage may be forbidden: the system's theme is used.
  }
})();
