// What axe-core says of the page: `looking.py` gives the names of the checks, and gets their faults and the kinds of
// elements whose colours were looked at. Axe-core takes most of its time for the `doubtful` rules, so it is asked of what
// a plain look leaves in doubt alone.
async ({names, seen, rules, doubtful, worded, enough}) => {
const ask = async (include, type, values, without = []) => (await axe.run(include, {
    resultTypes: ['violations'], runOnly: {type, values},
    rules: Object.fromEntries(without.map((rule) => [rule, {enabled: false}])),
  })).violations.map((each) => each.id + ': ' + each.nodes.map((node) => node.html.slice(0, 200)).join(' | '));
const askOf = async (rule, all) => all.length === 0 ? [] : ask({include: all}, 'rule', [rule]);
const shown = (what) => [...document.body.querySelectorAll(what)].filter((each) => each.checkVisibility());
const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
const known = new Set(seen), fresh = new Map();

const markup = () => ask(document, 'tag', rules, doubtful);
const words = () => ask(document, 'rule', worded);

// A target passes if it is of 24 pixels either way, or has so much room around its middle (WCAG 2.5.8), unless another
// lies over it.
const targets = () => {
  const all = shown('a, area, button, input, select, textarea, summary, [tabindex], [contenteditable]').map((each) => {
    const box = each.getBoundingClientRect();
    const small = box.width < 24 || box.height < 24;
    return {each, box, small, x: (box.left + box.right) / 2, y: (box.top + box.bottom) / 2};
  });
  const outside = (value, low, high) => Math.max(low - value, 0, value - high);
  const near = (one, other) =>
    Math.hypot(outside(one.x, other.box.left, other.box.right), outside(one.y, other.box.top, other.box.bottom)) < 12 ||
    other.small && Math.hypot(one.x - other.x, one.y - other.y) < 24;
  const doubtful = all.filter((one) =>
    all.some((other) => other !== one && (meet(one.box, other.box) || one.small && near(one, other))));
  return askOf('target-size', doubtful.map(({each}) => each));
};

// A link that is underlined is told from the text around it.
const links = () => askOf('link-in-text-block', shown('a, [role=link]').filter((each) =>
  getComputedStyle(each).display.startsWith('inline') && each.parentElement.innerText.trim() !== each.innerText.trim() &&
  !getComputedStyle(each).textDecorationLine.includes('underline')));

const scrolled = () => askOf('scrollable-region-focusable', shown('*').filter((each) =>
  (each.scrollWidth > each.clientWidth || each.scrollHeight > each.clientHeight) &&
  /auto|scroll/.test(getComputedStyle(each).overflow)));

// Text of one colour, on the ground of an element around it and with nothing else painted there, passes where the two
// differ enough for any size. Of all other text one element of each kind is looked at: colours come from one style sheet,
// by tag, class and state of an element and of those around it, so where these are the same, so are the colours.
const state = (each) => ['aria-current', 'aria-selected', 'disabled', 'type', 'role', 'open']
  .map((name) => each.getAttribute(name) ?? '').join();
const remember = (of) => {
  const found = new Map();
  const get = (each) => {
    if (!found.has(each)) found.set(each, of(each, get));
    return found.get(each);
  };
  return get;
};
const kind = remember((each, kindOf) =>
  (each.parentElement ? kindOf(each.parentElement) + '>' : '') + each.localName + '.' + each.className + state(each));
const CLEAR = 'rgba(0, 0, 0, 0)';
const PLAIN = {position: 'static', opacity: '1', filter: 'none', transform: 'none', backgroundImage: 'none'};
const opaque = (colour) => /^rgb\((\d+), (\d+), (\d+)\)$/.exec(colour)?.slice(1).map(Number);
const ground = remember((each, groundOf) => {
  const style = getComputedStyle(each);
  if (Object.entries(PLAIN).some(([name, value]) => style[name] !== value)) return undefined;
  if (style.backgroundColor !== CLEAR) return opaque(style.backgroundColor);
  return each.parentElement ? groundOf(each.parentElement) : undefined;
});
const luminance = (colour) => colour.map((part) => part / 255)
  .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
  .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
const contrast = (...two) => {
  const [dark, light] = two.map(luminance).sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
};
const pale = () => {
  const painted = shown('*').filter((each) => {
    const {backgroundColor, backgroundImage} = getComputedStyle(each);
    return backgroundColor !== CLEAR || backgroundImage !== 'none';
  }).map((each) => [each, each.getBoundingClientRect()]);
  const alone = (each) => {
    const box = each.getBoundingClientRect();
    return !painted.some(([other, its]) => meet(box, its) && !other.contains(each) && !each.contains(other));
  };
  for (const each of shown('*:not(svg, svg *, script, option)')) {
    const own = [...each.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (!own && !each.matches('input, textarea, select') || known.has(kind(each))) continue;
    const colour = opaque(getComputedStyle(each).color), behind = ground(each);
    if (!colour || !behind || contrast(colour, behind) < enough || !alone(each)) fresh.set(kind(each), each);
  }
  return askOf('color-contrast', [...fresh.values()]);
};

const checks = {markup, words, targets, links, scrolled, pale};
const found = [];
for (const name of names) found.push(...await checks[name]());
return [found, [...fresh.keys()]];
}
