/** Escape takes away what is explained on hover and focus, until pointer or focus come again. */
export function hideExplanations(root) {
  root.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    for (const each of root.querySelectorAll("[aria-description]:is(:hover, :focus)")) each.dataset.dismissed = "";
  });
  for (const type of ["pointerout", "focusout"]) {
    root.addEventListener(type, ({ target }) => {
      if (target.closest) delete target.closest("[aria-description]")?.dataset.dismissed;
    });
  }
}
