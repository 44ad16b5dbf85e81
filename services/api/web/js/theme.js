/* Light or dark as chosen before, set before the first paint: hence a classic script, in the head. */
try {
  const theme = localStorage.getItem("repartee.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  /* Without storage the page follows the system. */
}
