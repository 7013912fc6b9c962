"use strict";

/** One handwriting, ten digits: which digit and how it is written, apart. */
{
  const box = document.getElementById("mixer");
  const model = Live.models.mixer;
  const { classes, styles, directions } = model.about;
  const digit = Live.fit(box.querySelector(".live-digit"));
  const knobs = Object.keys(directions).map((name) => box.querySelector(`[name=${name}]`));
  let drawn = Array(styles).fill(0); // the handwriting before the knobs turn it: 0 is the middle of the prior

  /** The numbers of the style: those of the handwriting, and each knob's direction as often as it was turned. */
  function style() {
    return drawn.map((value, i) => knobs.reduce((sum, knob) => sum + knob.value * directions[knob.name][i], value));
  }

  /** The image of class y in this style: the decoder gets the style and the one-hot class beside it. */
  function decode(z, y) {
    return model.decode([...z, ...Array.from({ length: classes }, (_, k) => Number(k === y))]);
  }

  /** A button for each class, with the digit on it, as it is written now. */
  const tiles = Array.from({ length: classes }, (_, y) => {
    const tile = document.createElement("label");
    tile.innerHTML =
      `<input type="radio" name="mixer-class" value="${y}"><canvas aria-hidden="true"></canvas><span>${y}</span>`;
    box.querySelector(".live-tiles").append(tile);
    tile.firstElementChild.addEventListener("change", update);
    return { choice: tile.querySelector("input"), canvas: Live.fit(tile.querySelector("canvas")) };
  });

  function update() {
    const z = style();
    const chosen = tiles.findIndex((tile) => tile.choice.checked);
    tiles.forEach((tile, y) => Live.show(tile.canvas, decode(z, y)));
    Live.show(digit, decode(z, chosen));
    for (const knob of knobs) knob.nextElementSibling.textContent = Live.signed(Number(knob.value), 1);
    const turned = knobs
      .filter((knob) => Number(knob.value))
      .map((knob) => `${knob.name} ${Live.signed(Number(knob.value), 1)}`);
    const whose = drawn.some(Boolean) ? "a handwriting drawn from the prior" : "the average handwriting";
    const how = turned.length ? `, ${turned.join(", ")} standard deviations` : "";
    box.querySelector(".live-words").textContent = `This is ${Live.article(chosen)} in ${whose}${how}.`;
  }

  /** Take another handwriting, the knobs in the middle. */
  function take(z) {
    drawn = z;
    for (const knob of knobs) knob.value = 0;
    update();
  }

  for (const knob of knobs) knob.addEventListener("input", update);
  box.querySelector("[name=draw]").addEventListener("click", () => take(Live.gaussian(styles)));
  box.querySelector("[name=middle]").addEventListener("click", () => take(Array(styles).fill(0)));
  tiles[8].choice.checked = true;
  update();
}
