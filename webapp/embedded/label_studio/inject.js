/* What Docloop adds to the pages of Label Studio 1.23.2. Without it everything works, with more motions of the hand.

   Label Studio can read the text under a box as soon as it is drawn, but each browser has to switch that on (Auto-Annotation,
   Auto-Accept Suggestions and the Auto-Detect tool), and while an answer is on its way it may lose boxes that are drawn. */
(() => {
  "use strict";

  const PAGES = "pages"; // names of tags of our labelling configuration
  const FIELD = "field";
  const TEXT = "transcription";

  // Label Studio forgets the first whenever somebody opens a project that nobody fills in.
  localStorage.setItem("autoAnnotation", "true");
  localStorage.setItem("autoAcceptSuggestions", "true");
  localStorage.setItem(`selected-tool:${PAGES}`, "RectangleTool-dynamic");
  /* Who comes by Docloop's link has not pressed "Label All Tasks", which sets this. Without it Label Studio goes by the
     tasks' numbers: it passes over the order of the queue, and gives one task to several people. */
  localStorage.setItem("dm:labelstream:mode", "all");

  /* Boxes that are drawn. Label Studio puts what it is answered in their place, and deletes each one that the answer
     leaves out: one whose own answer failed, or came too late because another was drawn meanwhile. So an answer here holds
     all boxes that were asked for since nothing was on its way, as they stand now, each with its text unless somebody
     has typed one. */
  const fetchAsBefore = window.fetch.bind(window);
  let asked = { task: null, boxes: new Set(), answers: [] };

  window.fetch = (resource, options) => {
    const address = String(resource.url ?? resource);
    return /\/api\/ml\/\d+\/interactive-annotating/.test(address)
      ? filledIn(fetchAsBefore(resource, options), JSON.parse(options.body))
      : fetchAsBefore(resource, options);
  };

  async function filledIn(request, { task, context }) {
    if (asked.task !== task) asked = { task, boxes: new Set(), answers: [] };
    const mine = asked;
    for (const item of context.result) mine.boxes.add(item.id);
    const answer = request.then(async (response) => (await response.json()).data.result).catch(() => []);
    mine.answers.push(answer);
    const read = (await Promise.all(mine.answers)).flat();
    const boxes = [...mine.boxes];
    if (mine.answers.at(-1) === answer) asked = { task, boxes: new Set(), answers: [] };

    const now = window.Htx.annotationStore.selected.serializeAnnotation();
    const drawn = now.filter((item) => boxes.includes(item.id) && item.origin === "manual");
    const typed = new Set(drawn.filter((item) => item.from_name === TEXT).map((item) => item.id));
    const texts = new Map(read.filter((item) => item.from_name === TEXT).map((item) => [item.id, item]));
    const wanted = drawn.filter((item) => !typed.has(item.id) && texts.has(item.id));
    const result = [...drawn, ...wanted.map((item) => texts.get(item.id))];
    for (const item of wanted) machines.texts.set(item.id, textIn(texts.get(item.id)));
    return new Response(JSON.stringify({ data: { result } }), {
      headers: { "Content-Type": "application/json" },
    });
  }

  /* A box that is moved takes the text of its new place, as long as its text is the machine's: what somebody typed stays.
     Label Studio asks for boxes that are drawn only. */
  let machines = { task: null, texts: new Map() }; // what the machine said, by region
  let placed = new Map(); // where the boxes are when the mouse is pressed, by region
  const backends = new Map(); // promises of the number that Docloop has in Label Studio, by project

  const annotation = () => window.Htx?.annotationStore?.selected;
  const itemsOf = (name) =>
    new Map(
      (annotation()?.serializeAnnotation() ?? [])
        .filter((item) => item.from_name === name)
        .map((item) => [item.id, item]),
    );
  const textIn = (item) => [item?.value.text ?? []].flat().join(" ");
  const isElsewhere = (before, now) =>
    ["x", "y", "width", "height", "rotation"].some((side) => Math.abs(before.value[side] - now.value[side]) > 0.05); // %

  function look() {
    const task = window.Htx?.task?.id;
    if (!task || window.Htx.isLoading || !annotation() || machines.task === task) return;
    const untouched = [...itemsOf(TEXT)].filter(([, item]) => item.origin === "prediction");
    machines = { task, texts: new Map(untouched.map(([id, item]) => [id, textIn(item)])) };
  }

  async function follow(task, id, box) {
    const mine = annotation();
    const answer = await fetchAsBefore(`/api/ml/${await backend()}/interactive-annotating`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ task, context: { result: [{ ...box, origin: "manual" }] } }),
    });
    const read = (await answer.json()).data.result.find((item) => item.from_name === TEXT);
    if (!read || annotation() !== mine || machines.task !== task) return;
    const now = itemsOf(FIELD).get(id);
    if (!now || isElsewhere(box, now) || machines.texts.get(id) !== textIn(itemsOf(TEXT).get(id))) return;
    const region = mine.regions.find((each) => each.cleanId === id);
    region?.results.find((each) => each.from_name.name === TEXT)?.setValue(read.value.text);
    machines.texts.set(id, textIn(read));
  }

  function backend() {
    const project = location.pathname.match(/\/projects\/(\d+)/)?.[1];
    if (!backends.has(project)) {
      const number = fetchAsBefore(`/api/ml/?project=${project}&is_interactive=true`)
        .then((answer) => answer.json())
        .then(([docloop]) => docloop.id);
      number.catch(() => backends.delete(project));
      backends.set(project, number);
    }
    return backends.get(project);
  }

  document.addEventListener(
    "pointerdown",
    () => {
      look();
      placed = itemsOf(FIELD);
    },
    true,
  );
  document.addEventListener("keydown", look, true);
  document.addEventListener(
    "mouseup",
    () =>
      // behind Label Studio's own listener, which sets the box down
      setTimeout(() => {
        const [boxes, texts] = [itemsOf(FIELD), itemsOf(TEXT)];
        for (const [id, box] of boxes) {
          const isMachines = texts.has(id) && machines.texts.get(id) === textIn(texts.get(id));
          if (!isMachines || !placed.has(id) || !isElsewhere(placed.get(id), box)) continue;
          follow(machines.task, id, box).catch(() => {}); // its text stays: Docloop finds that it isn't under the box
        }
        placed = boxes;
      }),
    true,
  );

  /* A region's text. Who comes to it has all of it selected, so that typing replaces it; another click sets the cursor.
     Ctrl+Enter submits from within it, too: Label Studio only leaves the text by it. */
  const isText = (element) => element.matches?.("input.lsf-textarea-tag__input");
  let entered = null;
  let pressed = false;
  document.addEventListener("pointerdown", () => (pressed = true), true);
  document.addEventListener("pointerup", () => (pressed = false), true);
  document.addEventListener("focusin", ({ target }) => {
    entered = isText(target) ? target : null;
    if (entered && !pressed) setTimeout(() => target.select()); // Label Studio sets the cursor behind this
  });
  document.addEventListener(
    "click",
    ({ target }) => {
      if (target === entered && entered.selectionStart === entered.selectionEnd) entered.select();
      entered = null;
    },
    true,
  );
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || !isText(event.target)) return;
      const { ctrlKey, metaKey } = event;
      // behind Label Studio's own listener, which takes over what was typed
      setTimeout(() =>
        document.body.dispatchEvent(
          new KeyboardEvent("keydown", { key: "Enter", keyCode: 13, ctrlKey, metaKey, bubbles: true }),
        ),
      );
    },
    true,
  );
})();
