// What the pages need beyond htmx: the reader's time zone, dialogs, boxes on pages, rows of a form, uploads.

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.includes(`docloop_zone=${zone}`)) {
  document.cookie = `docloop_zone=${zone}; path=/; max-age=31536000; samesite=lax`;
}

// a page that nobody looks at asks for nothing
document.addEventListener("htmx:before:request", (event) => {
  if (document.hidden) event.preventDefault();
});

// a page that can't be renewed says so, and from when it is; it goes on asking
let renewed = new Date();
const GONE = "What you see is of {}, and isn't renewed any more. Load the page again.";
const SILENT = "Docloop does not answer. What you see is of {}; it is renewed by itself as soon as Docloop answers.";
function tellStale(text) {
  const told = document.querySelector("[data-stale]");
  const time = renewed.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  told.classList.toggle("alert", Boolean(text));
  told.textContent = text.replace("{}", time);
}
document.addEventListener("htmx:after:request", (event) => {
  const { status } = event.detail.ctx.response;
  if (status < 400) renewed = new Date();
  tellStale(status < 400 ? "" : status < 500 ? GONE : SILENT);
});
document.addEventListener("htmx:error", (event) => {
  if (event.detail.error?.name !== "AbortError") tellStale(SILENT);
});

// on a phone the place where one is may lie beyond the edge of its row
for (const here of document.querySelectorAll("nav [aria-current=page]")) here.scrollIntoView({ block: "nearest", inline: "center" });

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens).showModal();
  if (event.target.closest("[data-closes]")) event.target.closest("dialog").close();
  const shower = event.target.closest("button.field");
  if (shower) {
    const name = shower.closest("[data-field]").dataset.field;
    document.querySelector(`.sheet rect[data-field="${name}"]`)?.scrollIntoView({ block: "center" });
  }
  const adder = event.target.closest("[data-adds]");
  if (adder) addRow(adder);
});

// one more row of a formset: its empty form with the next number
function addRow(adder) {
  const total = document.getElementById("id_fields-TOTAL_FORMS");
  const row = document.getElementById(adder.dataset.adds).content.cloneNode(true);
  const holder = document.createElement("div");
  holder.append(row);
  holder.innerHTML = holder.innerHTML.replaceAll("__prefix__", total.value);
  total.value = Number(total.value) + 1;
  const added = holder.firstElementChild;
  document.getElementById(adder.dataset.into).append(added);
  added.querySelector("input").focus();
}

// a field's row and its boxes on the pages light up together
for (const kind of ["pointerover", "pointerout", "focusin", "focusout"]) {
  document.addEventListener(kind, (event) => {
    const name = event.target.closest?.("[data-field]")?.dataset.field;
    if (!name) return;
    const on = kind === "pointerover" || kind === "focusin";
    for (const box of document.querySelectorAll(`.sheet rect[data-field="${name}"]`)) box.classList.toggle("shown", on);
  });
}

// files go up one by one, each with its own answer; without this script the form sends them all at once
const form = document.querySelector("form[data-uploads]");
if (form) {
  const input = form.querySelector("input[type=file]");
  const zoneOfDrops = form.querySelector(".drop");
  for (const kind of ["dragover", "dragleave", "drop"]) {
    zoneOfDrops.addEventListener(kind, (event) => {
      event.preventDefault();
      zoneOfDrops.classList.toggle("over", kind === "dragover");
      if (kind === "drop") {
        input.files = event.dataTransfer.files;
        input.dispatchEvent(new Event("change"));
      }
    });
  }
  input.addEventListener("change", () => {
    const n = input.files.length;
    form.querySelector("[data-chosen]").textContent = n ? `${n} file${n === 1 ? "" : "s"} chosen` : "";
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (form.reportValidity()) upload(form, input);
  });
}

async function upload(form, input) {
  const files = [...input.files];
  const bar = document.getElementById("upload-progress");
  const said = document.getElementById("upload-said");
  const results = document.getElementById("results");
  const button = form.querySelector("button[type=submit]");
  button.disabled = true;
  bar.hidden = false;
  bar.max = files.length;
  const began = performance.now();
  let refused = 0;
  for (const [index, file] of files.entries()) {
    bar.value = index;
    said.textContent = `Sending ${index + 1} of ${files.length}${timeLeft(performance.now() - began, index, files.length)}`;
    const body = new FormData(form);
    body.delete("files");
    body.append("files", file);
    let row;
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true" } });
      if (!answer.ok || answer.redirected) throw new Error(`answer ${answer.status}`);
      row = await answer.text();
    } catch (problem) {
      const line = document.createElement("tr");
      for (const text of [file.name, "not sent", `The server did not take it (${problem.message}). Try this file again.`]) {
        line.insertCell().textContent = text;
      }
      line.cells[1].className = "text-danger";
      row = line.outerHTML;
    }
    document.getElementById("results-card").hidden = false;
    // what went wrong stands first: among hundreds nobody finds it
    const wrong = row.includes("text-danger");
    refused += wrong;
    results.insertAdjacentHTML(wrong ? "afterbegin" : "beforeend", row);
  }
  bar.value = files.length;
  said.textContent = `Done: ${files.length} file${files.length === 1 ? "" : "s"}${refused ? `, of which ${refused} refused: they stand first` : ""}`;
  button.disabled = false;
  input.value = "";
  form.querySelector("[data-chosen]").textContent = "";
}

// at the pace so far, once there is one
function timeLeft(milliseconds, done, all) {
  if (done < 3) return "";
  const minutes = ((milliseconds / done) * (all - done)) / 60_000;
  if (minutes < 1) return ", less than a minute left";
  return `, about ${Math.round(minutes)} minute${Math.round(minutes) === 1 ? "" : "s"} left`;
}
