// Checks a receipt (c2sp.org/tlog-proof) or a promise in the reader's own browser. Nothing leaves it. What it says is
// written in the page, under the names used here; docs/reference/ledger.md says what each file holds.
const LARGEST = 1_200_000; // bytes
const encoder = new TextEncoder();
const box = document.querySelector("[data-check]");
const answer = box.querySelector("[role=status]");
const keys = box.querySelector("textarea");
const file = document.querySelector("input[type=file]");
const text = document.querySelector("textarea[name=text]");
const lang = document.documentElement.lang;
let last = ""; // what was checked last
let turns = 0; // of several checks only the last is shown

// Its message is the name of what the page says.
class Fault extends Error {}

function insist(holds, name) {
  if (!holds) {
    throw new Fault(name);
  }
}

function decode(base64, name = "unreadable") {
  let raw = "";
  try {
    raw = atob(base64);
  } catch {
    insist(false, name);
  }
  insist(btoa(raw) === base64, name); // one way to write it, as everywhere in the ledger
  return Uint8Array.from(raw, (letter) => letter.charCodeAt(0));
}

function decimal(digits) {
  insist(/^(0|[1-9]\d{0,14})$/.test(digits), "unreadable");
  return Number(digits);
}

function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function hash(...parts) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", await new Blob(parts).arrayBuffer()));
}

// c2sp.org/signed-note: the text that is signed, and who has signed it.
function readNote(note) {
  const cut = note.lastIndexOf("\n\n");
  const lines = note.slice(cut + 2, -1).split("\n").map((line) => /^\u2014 ([^\s+]+) (\S+)$/.exec(line));
  insist(cut > 0 && lines.every(Boolean), "unreadable");
  return {
    signed: note.slice(0, cut + 1),
    signatures: lines.map(([, name, data]) => ({ name, data: decode(data) })),
  };
}

// A site signs all its logs with one key under different names: HOST/log stands for every HOST/p/NUMBER/log.
async function readKey(lines, wanted) {
  const site = wanted.replace(/^([^/]+)\/p\/[1-9]\d*\/log$/, "$1/log");
  for (const line of lines.split("\n").map((each) => each.trim()).filter(Boolean)) {
    const [, name, id, data] = /^([^\s+]+)\+([0-9a-f]{8})\+(\S+)$/.exec(line) ?? [];
    insist(data, "nokey");
    const key = decode(data, "nokey");
    insist(key.length === 33 && key[0] === 1 && (await keyId(name, key)) === id, "nokey");
    if (name === wanted || name === site) {
      return { id: await keyId(wanted, key), bytes: key.slice(1) };
    }
  }
  throw new Fault("otherkey");
}

async function keyId(name, key) {
  return hex((await hash(`${name}\n`, key)).slice(0, 4));
}

// Whether the note's signature by that name holds; null where the browser cannot tell.
async function isSigned(note, name) {
  const key = await readKey(keys.value, name);
  const mine = note.signatures.filter((each) => each.name === name && hex(each.data.slice(0, 4)) === key.id);
  insist(mine.length, "wrongkey");
  let imported;
  try {
    imported = await crypto.subtle.importKey("raw", key.bytes, "Ed25519", false, ["verify"]);
  } catch {
    return null;
  }
  for (const { data } of mine) {
    const holds = await crypto.subtle.verify("Ed25519", imported, data.slice(4), encoder.encode(note.signed));
    insist(holds, "forged");
  }
  return true;
}

// The root that a leaf and its audit path make (RFC 9162, section 2.1.3.2).
async function climb(leaf, index, size, path) {
  let node = leaf;
  let at = index;
  let end = size - 1;
  const rise = () => {
    at = Math.floor(at / 2);
    end = Math.floor(end / 2);
  };
  insist(index < size, "changed");
  for (const sibling of path) {
    insist(end > 0, "changed");
    if (at % 2 || at === end) {
      node = await hash(Uint8Array.of(1), sibling, node);
      while (at && at % 2 === 0) {
        rise();
      }
    } else {
      node = await hash(Uint8Array.of(1), node, sibling);
    }
    rise();
  }
  insist(end === 0, "changed");
  return node;
}

async function checkReceipt(data) {
  const cut = data.indexOf("\n\n");
  const [, first, ...rest] = data.slice(0, cut).split("\n");
  insist(cut > 0, "unreadable");
  insist(first?.startsWith("extra "), "incomplete");
  insist(rest[0]?.startsWith("index "), "unreadable");
  const entry = decode(first.slice(6));
  const index = decimal(rest[0].slice(6));
  const path = rest.slice(1).map((line) => decode(line));
  const note = readNote(data.slice(cut + 2));
  const [origin, digits, root, ...others] = note.signed.split("\n");
  const size = decimal(digits);
  insist(root && others.length === 1 && path.every((each) => each.length === 32), "unreadable");
  const facts = { origin, index, size, hashes: path.length };
  try {
    const leaf = await hash(Uint8Array.of(0), entry);
    insist(hex(await climb(leaf, index, size, path)) === hex(decode(root)), "changed");
    insist((box.dataset.leaf ?? hex(leaf)) === hex(leaf), "otherleaf");
    return [(await isSigned(note, origin)) ? "holds" : "unsigned", facts];
  } catch (error) {
    error.facts = facts;
    throw error;
  }
}

async function checkPromise(data) {
  const note = readNote(data);
  const [title, log, leaf, by, ...others] = note.signed.split("\n");
  insist(leaf?.startsWith("leaf ") && by?.startsWith("by ") && others.length === 1, "unreadable");
  insist(decode(leaf.slice(5)).length === 32, "unreadable");
  const origin = title.slice(0, -3);
  const time = new Date(1000 * decimal(by.slice(3))).toLocaleString(lang);
  try {
    return [(await isSigned(note, origin)) ? "promised" : "unsignedpromise", { origin: log, time }];
  } catch (error) {
    error.facts = { origin };
    throw error;
  }
}

async function check(given) {
  const turn = ++turns;
  last = given;
  let name = "unreadable";
  let facts = {};
  try {
    insist(crypto.subtle, "insecure");
    const data = `${given.replaceAll("\r\n", "\n").trimEnd()}\n`;
    if (data.startsWith("c2sp.org/tlog-proof@v1\n")) {
      [name, facts] = await checkReceipt(data);
    } else if (/^[^\n]+\/promise\/v1\n/.test(data)) {
      [name, facts] = await checkPromise(data);
    }
  } catch (error) {
    if (!(error instanceof Fault)) {
      throw error;
    }
    name = error.message;
    facts = error.facts;
  }
  if (turn === turns) {
    say(name, facts);
  }
}

function say(name, facts) {
  const said = box.querySelector("template").content.querySelector(`[data-say=${name}]`).cloneNode(true);
  const walker = document.createTreeWalker(said, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    walker.currentNode.data = walker.currentNode.data.replace(/\{(\w+)\}/g, (_, fact) =>
      facts[fact].toLocaleString(lang));
  }
  answer.replaceChildren(said);
}

async function take(chosen) {
  if (chosen) {
    check(chosen.size > LARGEST ? "" : await chosen.text());
  }
}

async function fetchOwn() {
  let given;
  try {
    const response = await fetch(box.dataset.file);
    insist(response.ok);
    given = await response.text();
  } catch {
    say("unfetched");
    return;
  }
  check(given);
}

box.hidden = false;
box.querySelector("button")?.addEventListener("click", fetchOwn);
keys.addEventListener("input", () => last && check(last));
if (file) {
  file.addEventListener("change", () => take(file.files[0]));
  text.addEventListener("input", () => check(text.value.trim()));
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length) {
      file.files = event.dataTransfer.files; // so that the form sends the same
      take(file.files[0]);
    }
  });
  if (text.value) {
    check(text.value.trim());
  }
}
