// Keeps what is being written in this browser, so that a closed tab loses nothing. It is dropped once it was handed in.
const KEY = "maninso-draft";
const form = document.querySelector("form[data-keep]");
if (form) {
  const fields = [...form.querySelectorAll("textarea")];
  const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}");
  for (const field of fields) {
    if (!field.value.trim() && kept[field.name]) field.value = kept[field.name];
    field.addEventListener("input", () => {
      localStorage.setItem(KEY, JSON.stringify(Object.fromEntries(fields.map((each) => [each.name, each.value]))));
    });
  }
} else {
  localStorage.removeItem(KEY);
}
