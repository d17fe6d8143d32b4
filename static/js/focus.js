/** When a swap takes away the control in use, go on from the region that came instead. */
export function keepFocus(root) {
  root.addEventListener("htmx:afterSettle", ({ detail }) => {
    // What a page loads after itself answers no control.
    const cause = detail.requestConfig?.triggeringEvent;
    if (!cause || cause.type === "revealed") return;
    if (root.activeElement !== root.body || !detail.elt.id) return;
    detail.elt.tabIndex = -1;
    detail.elt.focus({ preventScroll: true });
  });
}
