// Keeps a petition's number true while somebody looks at it: asks every ten to fifteen seconds, never of a hidden page,
// and less often while the site does not answer. Nothing is announced. Whoever sees the threshold fall gets a new page.
const number = document.querySelector("[data-count]");
const { count: address, needed, one, many } = number.dataset;
const beside = number.parentElement;
const said = (count) => count.toLocaleString("en");
let shown = Number(number.firstChild.data.replace(/\D/g, ""));
let wait = 10;

const show = (count) => {
  if (shown < needed && count >= needed) return location.reload();
  number.firstChild.data = said(count);
  number.lastChild.textContent = count === 1 ? one : many;
  if (count < needed) {
    const part = Math.floor((count * 1000) / needed);
    const [share, missing] = beside.querySelector(".apart").children;
    beside.querySelector(".meter rect:last-child").setAttribute("width", Math.max(part, count ? 6 : 0));
    if (part) share.textContent = `${Math.floor(part / 10)}.${part % 10}%`;
    missing.textContent = missing.textContent.replace(said(needed - shown), said(needed - count));
  }
  shown = count;
};

const ask = async () => {
  if (!document.hidden) {
    try {
      const answer = await fetch(address, { cache: "no-cache" });
      if (!answer.ok) throw answer;
      const count = (await answer.json()).signature_count;
      if (count !== shown) show(count);
      wait = 10;
    } catch {
      wait = Math.min(wait * 2, 160);
    }
  }
  setTimeout(ask, wait * (1000 + Math.random() * 500));
};
setTimeout(ask, wait * 1000);
