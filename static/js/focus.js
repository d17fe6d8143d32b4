/** When a swap takes away the control in use, go on from what it made new, or from the region that came instead. */
export function keepFocus(root) {
  root.addEventListener("htmx:afterSettle", ({ detail }) => {
    // What a page loads after itself answers no control.
    const cause = detail.requestConfig?.triggeringEvent;
    if (!cause || cause.type === "revealed") return;
    // Messages come along with a region, before it.
    if (root.activeElement !== root.body || !detail.elt.id || detail.elt.id === "messages") return;
    const made = detail.elt.querySelector("tr.new[tabindex]");
    if (made) return made.focus();
    detail.elt.tabIndex = -1;
    detail.elt.focus({ preventScroll: true });
  });
}
