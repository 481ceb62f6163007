(function () {
  var ancestors = document.querySelectorAll(".ancestor"), step = document.getElementById("step");
  if (!step) { return; }
  document.getElementById("steps").hidden = false;
  function show() {
    var at = Number(step.value);
    ancestors.forEach(function (each, number) { each.hidden = number + 1 !== at; each.open = number + 1 === at; });
    document.getElementById("at").textContent = at + " of " + ancestors.length;
  }
  step.addEventListener("input", show);
  show();
})();
