/** A changed field or comparison of the filter panel asks the server for the inputs that fit it. */
export function askAgainForInputs(root) {
  root.addEventListener("change", ({ target }) => {
    if (target.matches("[data-asks-again]")) target.form.requestSubmit(target.form.querySelector("[value=refresh]"));
  });
}
