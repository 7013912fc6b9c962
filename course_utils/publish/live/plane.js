"use strict";

/** A plane of digits: a point in it, and the image that its two numbers decode to. */
{
  const box = document.getElementById("plane");
  const model = Live.models.plane;
  const { limit, n, reads } = model.about;
  const TILES = 21; // images across the map, and up
  const HOLDS_95_PERCENT = 2.4477; // radius of the circle that holds 95 % of N(0, I) in the plane
  const [back, front, digit] = ["back", "front", "digit"].map((name) => box.querySelector(`.live-${name}`));
  const sliders = ["z1", "z2"].map((name) => box.querySelector(`[name=${name}]`));
  let z = sliders.map((slider) => Number(slider.value));

  /** The class that the course's classifier reads at the nearest point at which it was asked. */
  function readAt([z1, z2]) {
    const index = (value) => Math.round(((value / limit + 1) / 2) * (n - 1));
    return Number(reads[index(z2) * n + index(z1)]);
  }

  /** Draw the map, tile by tile from the middle outwards: the image of its centre, in the colour of its class. */
  function drawMap() {
    back.width = back.height = TILES * Live.SIDE;
    const context = back.getContext("2d");
    context.fillStyle = `rgb(${Live.PAPER})`;
    context.fillRect(0, 0, back.width, back.height);
    const middle = (TILES - 1) / 2;
    const places = Array.from({ length: TILES * TILES }, (_, i) => [i % TILES, Math.floor(i / TILES)]);
    const distance = ([column, row]) => Math.hypot(column - middle, row - middle);
    places.sort((a, b) => distance(a) - distance(b));
    Live.gradually(places.length, (i) => {
      const [column, row] = places[i];
      const code = [((column + 0.5) / TILES) * 2 - 1, 1 - ((row + 0.5) / TILES) * 2].map((value) => value * limit);
      const ink = Live.mixed(Live.PAPER, Live.mixed(Live.rgb(Live.COLORS[readAt(code)]), Live.INK, 0.3), 0.8);
      context.putImageData(Live.image(model.decode(code), ink), column * Live.SIDE, row * Live.SIDE);
    });
  }

  /** Draw the circle of the prior, and the ring around the point. */
  function drawMarks() {
    const size = (front.width = front.height = back.width);
    const context = front.getContext("2d");
    const [x, y] = [(z[0] / limit + 1) / 2, (1 - z[1] / limit) / 2].map((value) => value * size);
    const ring = (x, y, radius, color, width, dash = []) => {
      context.beginPath();
      context.setLineDash(dash);
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.strokeStyle = color;
      context.lineWidth = width;
      context.stroke();
    };
    ring(size / 2, size / 2, (HOLDS_95_PERCENT / limit) * (size / 2), "#ffffffb0", 2, [10, 8]);
    ring(x, y, 24, "#000000", 11);
    ring(x, y, 24, "#ffffff", 5);
  }

  function update() {
    Live.show(digit, model.decode(z));
    drawMarks();
    sliders.forEach((slider, i) => {
      slider.value = z[i];
      slider.nextElementSibling.textContent = Live.signed(z[i]);
    });
    const where = Math.hypot(...z) <= HOLDS_95_PERCENT ? "inside" : "outside";
    box.querySelector(".live-words").textContent =
      `z = (${Live.signed(z[0])}, ${Live.signed(z[1])}), ${where} the circle that holds 95 % of the prior. ` +
      `Around here the course's classifier reads ${Live.article(readAt(z))}.`;
  }

  /** Go to a point of the plane, or to the nearest on its edge. */
  function go(z1, z2) {
    z = [z1, z2].map((value) => Math.min(limit, Math.max(-limit, value)));
    update();
  }

  const read = () => go(...sliders.map((slider) => Number(slider.value)));
  for (const slider of sliders) slider.addEventListener("input", read);
  box.querySelector("[name=draw]").addEventListener("click", () => go(...Live.gaussian(2)));
  Live.onDrag(front, (x, y) => go((2 * x - 1) * limit, (1 - 2 * y) * limit));
  Live.onArrows(front, 5, (right, up) => go(z[0] + right / 10, z[1] + up / 10));
  Live.fit(digit);
  drawMap();
  update();
}
