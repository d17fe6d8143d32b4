/** Typing into an input[data-chooses] picks the radio button of that value in its form. */
export function chooseWhileTyping(root) {
  root.addEventListener("input", ({ target }) => {
    const value = target.dataset?.chooses;
    const radio = value && target.form?.querySelector(`[type=radio][value="${value}"]`);
    if (radio) radio.checked = target.value !== "" || radio.checked;
  });
}
