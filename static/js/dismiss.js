/* Buttons with data-dismiss="<selector>" remove the nearest match; toasts of success leave by
   themselves, unless the person is reading or pointing at one. Failures stay until dismissed. */
const STAY = 8000;

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-dismiss]");
  button?.closest(button.dataset.dismiss)?.remove();
});

for (const toast of document.querySelectorAll('.toast[data-tone="good"], .toast[data-tone="info"]')) {
  const leave = () => {
    if (toast.matches(":hover, :focus-within")) setTimeout(leave, STAY);
    else toast.remove();
  };
  setTimeout(leave, STAY);
}
