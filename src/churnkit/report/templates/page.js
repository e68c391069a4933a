(function () {
  "use strict";
  var who = document.getElementById("who");
  if (who) {
    who.parentElement.hidden = false;
    who.addEventListener("change", function () {
      document.querySelectorAll("[data-manager]").forEach(function (row) {
        row.hidden = who.value !== "*" && row.dataset.manager !== who.value;
      });
    });
  }
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details").forEach(function (part) { part.open = true; });
  });
})();
