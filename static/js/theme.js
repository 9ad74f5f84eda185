/* The theme is the account's: the server draws the right one at once, so nothing flashes. Its
   buttons are a form; this only shows the choice before the answer is there. */
const root = document.documentElement;

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-theme-choice]");
  if (!button) return;
  const choice = button.dataset.themeChoice;
  if (choice) root.dataset.theme = choice;
  else delete root.dataset.theme;
  for (const other of document.querySelectorAll("[data-theme-choice]")) {
    other.setAttribute("aria-pressed", String(other === button));
  }
});
