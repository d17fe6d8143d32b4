import { announce } from "./announce.js";
import { activeOption, askFor, fillList, moveByKey, options } from "./listbox.js";

/** Suggest records under every input[data-combobox] inside `root` while a person types. */
export function suggestWhileTyping(root) {
  for (const input of root.querySelectorAll("input[data-combobox]")) connect(input);
}

function connect(input) {
  const list = input.parentElement.querySelector("[data-options]");
  const picked = input.parentElement.querySelector("[data-picked]");
  const close = () => fillList(input, list, "");
  const pick = (option) => {
    if (!option.dataset.value) return;
    input.value = option.dataset.value;
    const { label, hint } = option.dataset;
    picked.textContent = hint ? `${label} · ${hint}` : label;
    close();
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  Object.assign(input, { role: "combobox", ariaAutoComplete: "list", ariaExpanded: "false" });
  input.setAttribute("aria-controls", list.id);
  let timer = null;
  let latest = 0;
  const cancel = () => {
    clearTimeout(timer);
    timer = null;
    latest += 1;
  };
  input.addEventListener("input", () => {
    picked.textContent = "";
    cancel();
    timer = setTimeout(async () => {
      const turn = ++latest;
      const html = await ask(input);
      if (turn !== latest) return;
      timer = null;
      if (html !== null && document.activeElement === input) show(input, list, html);
    }, 150);
  });
  input.addEventListener("keydown", (event) => {
    // Escape leaves the suggestions, on their way or shown, and not the form around them.
    if (event.key === "Escape" && timer !== null) event.preventDefault();
    if (event.key === "Escape" || event.key === "Enter") cancel();
    if (list.hidden) return;
    if (event.key === "Enter" && activeOption(list)) pick(activeOption(list));
    else if (event.key === "Escape") close();
    else if (!moveByKey(event, input, list)) return;
    event.preventDefault();
    event.stopPropagation();
  });
  input.addEventListener("blur", () => {
    cancel();
    close();
  });
  // Pressing on an option must not take the focus from the input.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", ({ target }) => target.closest("[role=option]") && pick(target.closest("[role=option]")));
}

function show(input, list, html) {
  fillList(input, list, html);
  announce(options(list).map((option) => option.textContent.trim()).slice(0, 3).join(", "));
}

async function ask(input) {
  const beside = input.form?.elements[input.dataset.beside]?.value;
  const response = await askFor(input.dataset.combobox, { q: input.value, ...(beside && { beside }) });
  return response?.ok && !response.headers.has("HX-Redirect") ? response.text() : null;
}
