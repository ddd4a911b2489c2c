// Passkeys and security keys in the forms of the office's log-in. Each form says in a JSON block what it needs.
const read = (id) => JSON.parse(document.getElementById(id).textContent);
const byId = (id) => document.getElementById(id);

async function create(options, passwordless) {
  const key = structuredClone(options.publicKey);
  const residentKey = passwordless ? "required" : "discouraged";
  key.authenticatorSelection = { ...key.authenticatorSelection, residentKey, requireResidentKey: passwordless };
  if (passwordless) key.authenticatorSelection.userVerification = "required";
  return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(key) });
}

const get = (options) =>
  navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options.publicKey) });

async function fetchOptions(form) {
  const response = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`no options: ${response.status}`);
  return (await response.json()).request_options;
}

const asks = {
  addForm: (ids) => [byId(ids.add), () => create(read(ids.data).creation_options, byId(ids.passwordless).checked)],
  authenticateForm: (ids) => [byId(ids.authenticate), () => get(read(ids.data).request_options)],
  loginForm: (ids) => [byId(ids.login), async () => get(await fetchOptions(byId(ids.login).form))],
};

for (const block of document.querySelectorAll("script[data-allauth-onload]")) {
  const ids = JSON.parse(block.textContent).ids;
  const [button, ask] = asks[block.dataset.allauthOnload.split(".").pop()](ids);
  button.addEventListener("click", async (event) => {
    event.preventDefault();
    try {
      const credential = await ask();
      byId(ids.credential).value = JSON.stringify(credential);
      byId(ids.credential).form.submit();
    } catch (error) {
      if (error.name !== "NotAllowedError") throw error; // the person said no: the page stays as it is
    }
  });
}
