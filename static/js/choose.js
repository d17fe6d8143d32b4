/** An input[data-chooses] and the radio button of that value in its form belong together: typing
 *  into the input picks the button, and figures typed on a button go into the input. */
export function chooseWhileTyping(root) {
  root.addEventListener("input", ({ target }) => {
    const value = target.dataset?.chooses;
    const radio = value && target.form?.querySelector(`[type=radio][value="${value}"]`);
    if (radio) radio.checked = target.value !== "" || radio.checked;
  });
  root.addEventListener("keydown", ({ target, key, ctrlKey, metaKey, altKey }) => {
    if (target.type !== "radio" || !/^\d$/.test(key) || ctrlKey || metaKey || altKey) return;
    target.form?.querySelector("[data-chooses]")?.focus();
  });
}
