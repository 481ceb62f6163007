(function () {
  var births = document.querySelectorAll(".birth"), step = document.getElementById("step");
  if (!step) { return; }
  document.getElementById("steps").hidden = false;
  function show() {
    var at = Number(step.value);
    births.forEach(function (each, number) { each.hidden = number + 1 !== at; each.open = number + 1 === at; });
    document.getElementById("at").textContent = at + " of " + births.length;
  }
  step.addEventListener("input", show);
  show();
})();
