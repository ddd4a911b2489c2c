// Computes the proof of work of a form (ALTCHA's first format) when it is sent, then sends it. Without this script the
// form works too, with a smaller allowance.
const field = document.querySelector("input[data-challenge]");
const form = field.form;
const status = form.querySelector("[role=status]");
const BATCH = 512;

async function compute() {
  const challenge = await (await fetch(field.dataset.challenge)).json();
  const encoder = new TextEncoder();
  for (let first = 0; first <= challenge.maxnumber; first += BATCH) {
    const digests = await Promise.all(Array.from({ length: BATCH }, (_, n) =>
      crypto.subtle.digest("SHA-256", encoder.encode(challenge.salt + (first + n)))));
    const found = digests.findIndex((digest) => hex(digest) === challenge.challenge);
    if (found >= 0) {
      return btoa(JSON.stringify({ ...challenge, number: first + found }));
    }
  }
  return "";
}

function hex(buffer) {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

form.addEventListener("submit", async (event) => {
  if (field.value) {
    return;
  }
  event.preventDefault();
  status.hidden = false;
  try {
    field.value = await compute();
  } catch {
    // The server says what to do where the work is missing.
  }
  form.submit();
});
