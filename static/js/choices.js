/* A list whose rows can be chosen: the box in its head ticks all rows of the page, and the bar says
   how many are ticked. Without script the boxes of the rows do. */
function tell(form) {
  const boxes = [...form.querySelectorAll("[name=pick]")];
  const ticked = boxes.filter((box) => box.checked).length;
  const every = form.querySelector("[data-choose-every]")?.checked;
  const words = form.querySelector("[data-chosen-words]");
  words.dataset.plain ??= words.textContent;
  if (every) words.textContent = form.querySelector(".choices-all").textContent.trim();
  else words.textContent = ticked ? `${words.dataset.chosenWords} ${ticked}` : words.dataset.plain;
  const head = form.querySelector("[data-choose-all]");
  head.checked = ticked > 0 && ticked === boxes.length;
  head.indeterminate = ticked > 0 && ticked < boxes.length;
}

document.addEventListener("change", (event) => {
  const form = event.target.closest("form.choices");
  if (!form) return;
  if (event.target.matches("[data-choose-all]")) {
    for (const box of form.querySelectorAll("[name=pick]")) box.checked = event.target.checked;
  }
  tell(form);
});

// The back button brings the ticks back.
window.addEventListener("pageshow", () => document.querySelectorAll("form.choices").forEach(tell));
