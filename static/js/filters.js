/** A changed field or comparison of the filter panel asks the server for the inputs that fit it. */
export function askAgainForInputs(root) {
  for (const button of root.querySelectorAll("[data-without-scripts]")) button.hidden = true;
  for (const select of root.querySelectorAll("[data-asks-again]")) {
    select.addEventListener("change", () => select.form.requestSubmit(select.form.querySelector("[value=refresh]")));
  }
}
