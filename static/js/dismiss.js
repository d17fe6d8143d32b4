/** Let a [data-dismiss] button take away the message or note it stands in. */
export function dismissOnClick(root) {
  root.addEventListener("click", ({ target }) => {
    const message = target.closest("[data-dismiss]")?.closest(".message, .export-note");
    if (!message) return;
    const next = message.closest("dialog") ?? root.getElementById("main");
    if (message.id) message.hidden = true;
    else message.remove();
    next.focus({ preventScroll: true });
  });
}
