// Waits for the seal in the background and reloads once it is there, so that nobody is interrupted while reading.
const sealed = async () => !(await (await fetch(location.href, { cache: "no-store" })).text()).includes("data-waits");
const waiting = setInterval(async () => {
  if (await sealed().catch(() => false)) {
    clearInterval(waiting);
    location.reload();
  }
}, 2000);
