// Plays a recording from any word, and shows the word that is heard. Without it the links play from where they stand.
"use strict";
(() => {
  const player = document.getElementById("player");
  const strip = document.querySelector(".strip svg");
  if (!player) return;
  const words = [...document.querySelectorAll(".w")];
  const times = words.map((word) => Number(word.dataset.at));
  let on = -1;

  const show = (index) => {
    if (index === on) return;
    words[on]?.classList.remove("on");
    words[index]?.classList.add("on");
    on = index;
  };
  const at = (seconds) => {
    let found = -1;
    for (let i = 0; i < times.length; i += 1) {
      if (times[i] <= seconds + 0.05 && (found < 0 || times[i] >= times[found])) found = i;
    }
    return found;
  };
  const move = () => {
    const whole = Number(strip?.dataset.seconds) || 1;
    const x = String(Math.min(400, (player.currentTime / whole) * 400));
    const cursor = strip?.querySelector(".cursor");
    cursor?.setAttribute("x1", x);
    cursor?.setAttribute("x2", x);
    show(at(player.currentTime));
  };
  const seek = (seconds, play) => {
    const go = () => {
      player.currentTime = seconds;
      if (play) player.play();
    };
    strip?.closest(".strip").classList.add("playing");
    if (player.readyState > 0) go();
    else {
      player.addEventListener("loadedmetadata", go, { once: true });
      player.load();
      if (play) player.play();
    }
  };

  player.addEventListener("timeupdate", move);
  player.addEventListener("seeking", move);
  player.addEventListener("play", () => strip?.closest(".strip").classList.add("playing"));
  document.querySelector(".story")?.classList.add("seekable");
  document.querySelector(".story")?.addEventListener("click", (event) => {
    const target = event.target.closest("[data-at]");
    if (!target) return;
    event.preventDefault();
    seek(Number(target.dataset.at), true);
  });
  document.querySelector(".story")?.addEventListener("keydown", (event) => {
    const link = event.target.closest(".play");
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!link || !step) return;
    const own = [...link.closest("li").querySelectorAll(".w")];
    if (own.length === 0) return;
    event.preventDefault();
    const here = own.indexOf(words[on]);
    const next = own[Math.max(0, Math.min(own.length - 1, here < 0 ? 0 : here + step))];
    seek(Number(next.dataset.at), false);
    show(words.indexOf(next));
    link.dataset.at = next.dataset.at;
  });
  strip?.closest(".strip").classList.add("seeks");
  strip?.addEventListener("click", (event) => {
    const box = strip.getBoundingClientRect();
    const share = (event.clientX - box.left) / box.width;
    seek(Math.max(0, share) * Number(strip.dataset.seconds), true);
  });
})();
