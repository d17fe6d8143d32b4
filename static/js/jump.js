/** The date box above a table says where it was jumped to; a search begins anew, at the first row. */
export function tellJump(root) {
  const tell = () => {
    const jump = new URLSearchParams(location.search).get("jump") ?? "";
    for (const box of root.querySelectorAll("input[type=date][name=jump]")) box.value = jump;
  };
  root.addEventListener("input", ({ target }) => {
    const box = target.type === "search" && target.form?.elements.jump;
    if (box) box.value = "";
  });
  root.addEventListener("formdata", ({ formData }) => { if (!formData.get("jump")) formData.delete("jump"); });
  for (const name of ["htmx:pushedIntoHistory", "htmx:replacedInHistory"]) root.addEventListener(name, tell);
  tell();
}
