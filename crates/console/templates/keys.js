// Keys for tables and the search field. Every page works without this script; nothing is decided by one key.
"use strict";
(() => {
  const STORED = "cobrand-keys";
  // The same keys where the keyboard is set to Russian: what they write, and where they are.
  const RUSSIAN = { "\u043ekeyj": "j", "\u043bkeyk": "k", ".slash": "/", ",slash": "?" };
  const help = document.querySelector("[data-keys]");
  const button = document.getElementById("keys-switch");
  let on = true;
  try { on = localStorage.getItem(STORED) !== "off"; } catch { /* private windows may refuse */ }

  const say = () => { if (button) { button.hidden = false; button.textContent = on ? button.dataset.off : button.dataset.on; } };
  say();
  button?.addEventListener("click", () => {
    on = !on;
    try { localStorage.setItem(STORED, on ? "on" : "off"); } catch { /* it holds for this page */ }
    say();
  });

  const rows = () => [...document.querySelectorAll("main tbody tr a[href]")]
    .filter((link, at, all) => at === 0 || link.closest("tr") !== all[at - 1].closest("tr"))
    .filter((link) => link.offsetParent !== null);

  const move = (step) => {
    const links = rows();
    if (links.length === 0) return;
    const row = document.activeElement?.closest("tr");
    const at = links.findIndex((link) => link.closest("tr") === row);
    const next = at < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(Math.max(at + step, 0), links.length - 1);
    links[next].focus();
  };

  document.addEventListener("keydown", (event) => {
    if (!on || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    switch (RUSSIAN[`${event.key}${event.code}`.toLowerCase()] ?? event.key) {
      case "/": document.querySelector("[data-key='/']")?.focus(); break;
      case "j": move(1); break;
      case "k": move(-1); break;
      case "?": if (help) { help.open = !help.open; if (help.open) help.querySelector("summary").focus(); } break;
      default: return;
    }
    event.preventDefault();
  });
})();
