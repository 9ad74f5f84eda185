/* A second press of a button that changes something does nothing: its form's buttons are switched
   off once the first press is under way (the server refuses doubles as well). */
function release(form) {
  for (const button of form.querySelectorAll("button[aria-busy]")) {
    button.disabled = false;
    button.removeAttribute("aria-busy");
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  // After this event: a disabled button would leave its name and value out of the form.
  setTimeout(() => {
    if (event.defaultPrevented && !form.matches(".htmx-request")) return;
    for (const button of form.querySelectorAll("button:not([type=button]):not(:disabled)")) {
      button.disabled = true;
      button.setAttribute("aria-busy", "true");
    }
  });
});

document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.target.closest?.("form");
  if (form) release(form);
});

// The back button shows the page as it was left: with its buttons switched off.
window.addEventListener("pageshow", () => document.querySelectorAll("form").forEach(release));
