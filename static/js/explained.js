/** Escape takes away what a state says on hover and focus, until pointer or focus come again. */
export function hideExplanations(root) {
  root.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    for (const state of root.querySelectorAll("a:is(.state, .unsorted):is(:hover, :focus)")) state.dataset.dismissed = "";
  });
  for (const type of ["pointerout", "focusout"]) {
    root.addEventListener(type, ({ target }) => {
      if (target.closest) delete target.closest("a:is(.state, .unsorted)")?.dataset.dismissed;
    });
  }
}
